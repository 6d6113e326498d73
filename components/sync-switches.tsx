'use client'

import { useState } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { useSignedIn } from './signed-in'
import { ContactSyncDialog, LabelSyncDialog, SyncLine } from './sync-dialogs'
import { SwitchRow } from './ui/switch-row'

/** Each asks first, and says what comes of it. */
export function SyncSwitches({ session }: { session: SessionView }) {
  const t = useTranslations('sync')
  const { can } = useSignedIn()
  const [opened, setOpened] = useState<'contacts' | 'labels' | null>(null)
  const dialog = (name: 'contacts' | 'labels') => ({
    session,
    open: opened === name,
    onOpenChange: (open: boolean) => setOpened(open ? name : null),
  })
  const mayChange = can('edit_sessions')
  const hasNumber = session.phone !== null
  const hasLabels = session.platform !== 'consumer'
  return (
    <>
      <div className="flex min-w-0 flex-col gap-2">
        <SwitchRow
          label={t('contacts')}
          hint={hasNumber ? t('contactsHow') : t('noNumber')}
          checked={session.syncContacts}
          disabled={!mayChange || (!hasNumber && !session.syncContacts)}
          onCheckedChange={() => setOpened('contacts')}
        />
        <SyncLine kind="contacts" session={session} onOpen={mayChange ? () => setOpened('contacts') : undefined} />
      </div>
      <div className="flex min-w-0 flex-col gap-2">
        <SwitchRow
          label={t('labels')}
          hint={!hasNumber ? t('noNumber') : hasLabels ? t('labelsHow') : t('labelsConsumer')}
          checked={session.syncLabels}
          disabled={!mayChange || ((!hasNumber || !hasLabels) && !session.syncLabels)}
          onCheckedChange={() => setOpened('labels')}
        />
        <SyncLine kind="labels" session={session} onOpen={mayChange ? () => setOpened('labels') : undefined} />
      </div>
      <ContactSyncDialog {...dialog('contacts')} />
      <LabelSyncDialog {...dialog('labels')} />
    </>
  )
}
