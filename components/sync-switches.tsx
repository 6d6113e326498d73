'use client'

import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { useErrorText } from './notice'
import { useChangeSession } from './session-queries'
import { useSignedIn } from './signed-in'
import { SwitchRow } from './ui/switch-row'

/** Turning off is done at once; turning on is asked about first. */
export function SyncSwitches({ session }: { session: SessionView }) {
  const t = useTranslations('sync')
  const errorText = useErrorText()
  const { can } = useSignedIn()
  const changing = useChangeSession(session)
  const isLocked = !can('edit_sessions')
  return (
    <>
      <SwitchRow
        label={t('contacts')}
        hint={session.phone === null ? t('noNumber') : t('contactsHow')}
        checked={session.syncContacts}
        disabled={isLocked || !session.syncContacts}
        onCheckedChange={() => changing.mutate({ syncContacts: false })}
      />
      <SwitchRow
        label={t('labels')}
        hint={
          session.phone === null
            ? t('noNumber')
            : session.platform === 'consumer'
              ? t('labelsConsumer')
              : t('labelsHow')
        }
        checked={session.syncLabels}
        disabled={isLocked || !session.syncLabels}
        onCheckedChange={() => changing.mutate({ syncLabels: false })}
      />
      {changing.error && (
        <p role="alert" className="text-bad">
          {errorText(changing.error)}
        </p>
      )}
    </>
  )
}
