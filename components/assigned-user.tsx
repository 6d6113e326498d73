'use client'

import { SlidersHorizontal } from 'lucide-react'
import { useId, useState } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { Problem, useErrorText } from './notice'
import { useChangedSession, useChangeSession } from './session-queries'
import { useUsers } from './settings/settings-queries'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'
import { Combobox } from './ui/combobox'
import { Dialog, DialogActions } from './ui/dialog'
import { SwitchRow } from './ui/switch-row'

/** Whose session it is, and what that means. */
export function AssignedUser({ session }: { session: SessionView }) {
  const t = useTranslations('assigned')
  const errorText = useErrorText()
  const { can } = useSignedIn()
  const users = useUsers(session.locationId)
  const changing = useChangeSession(session)
  const [hasEffects, setEffects] = useState(false)
  const chosenId = useChangedSession(session).assignedUserId
  const user = users.data?.find(({ id }) => id === chosenId)
  const chosen = chosenId === null ? t('nobody') : (user?.name ?? (users.data ? t('gone') : '…'))

  if (!can('edit_sessions')) return <p className="truncate font-medium">{chosen}</p>
  return (
    <>
      <div className="flex min-w-0 items-center gap-1">
        <div className="min-w-0 flex-1">
          <Combobox
            label={t('of', { label: session.label })}
            chosen={chosen}
            chosenId={chosenId}
            choices={users.data?.map(({ id, name, email }) => ({ id, name, detail: email })) ?? []}
            searchLabel={t('search')}
            listLabel={t('users')}
            clear={t('clear')}
            empty={
              users.data ? (
                <p className="text-muted">{t('none')}</p>
              ) : users.error ? (
                <Problem error={users.error} />
              ) : (
                <p className="text-muted">{t('loading')}</p>
              )
            }
            onOpen={() => void users.refetch()}
            onChoose={(id) => changing.mutate({ assignedUserId: id })}
          />
        </div>
        <Button
          variant="quiet"
          size="icon"
          aria-label={t('effects', { label: session.label })}
          onClick={() => setEffects(true)}
        >
          <SlidersHorizontal aria-hidden />
        </Button>
      </div>
      {changing.error && (
        <p role="alert" className="text-bad mt-1">
          {errorText(changing.error)}
        </p>
      )}
      <EffectsDialog session={session} open={hasEffects} onOpenChange={setEffects} />
    </>
  )
}

function EffectsDialog(props: { session: SessionView; open: boolean; onOpenChange: (open: boolean) => void }) {
  const { session, ...opened } = props
  const t = useTranslations('assigned')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const changing = useChangeSession(session)
  const shown = useChangedSession(session)
  const id = useId()
  return (
    <Dialog {...opened} title={t('effectsTitle', { label: session.label })} description={t('effectsIntro')}>
      <SwitchRow
        label={t('routes')}
        hint={t('routesHow')}
        checked={shown.routesForUser}
        onCheckedChange={(on) => changing.mutate({ routesForUser: on })}
      />
      <SwitchRow
        label={t('newContacts')}
        hint={t('newContactsHow')}
        checked={shown.givesNewContacts}
        onCheckedChange={(on) => changing.mutate({ givesNewContacts: on })}
      />
      <SwitchRow
        label={t('knownContacts')}
        hint={t('knownContactsHow')}
        checked={shown.givesKnownContacts !== 'never'}
        onCheckedChange={(on) => changing.mutate({ givesKnownContacts: on ? 'if_unassigned' : 'never' })}
      />
      {/* Always there, so that turning the switch moves nothing. */}
      <fieldset disabled={shown.givesKnownContacts === 'never'} className="flex flex-col gap-2 disabled:opacity-55">
        <legend className="sr-only">{t('knownContacts')}</legend>
        {(['if_unassigned', 'always'] as const).map((choice) => (
          <label key={choice} className="flex min-h-6 items-center gap-2.5">
            <input
              type="radio"
              name={`${id}-known`}
              className="accent-accent size-4"
              checked={shown.givesKnownContacts === choice}
              onChange={() => changing.mutate({ givesKnownContacts: choice })}
            />
            {t(`known.${choice}`)}
          </label>
        ))}
      </fieldset>
      <p role="alert" className="text-bad empty:hidden">
        {changing.error ? errorText(changing.error) : ''}
      </p>
      <DialogActions>
        <Button onClick={() => opened.onOpenChange(false)}>{common('done')}</Button>
      </DialogActions>
    </Dialog>
  )
}
