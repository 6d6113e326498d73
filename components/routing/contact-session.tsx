'use client'

import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Problem } from '../notice'
import { useSignedIn } from '../signed-in'
import { Button } from '../ui/button'
import type { FoundContact } from './contact-picker'
import type { Known } from './rule-words'

interface Kept {
  contactId: string
  sessionId: string | null
  locked: boolean
}

/** Keeps a contact on one session, or lets them go. */
export function ContactSession(props: {
  locationId: string
  contact: FoundContact
  known: Known
  onChanged: () => void
}) {
  const t = useTranslations('why')
  const { api } = useSignedIn()
  const id = useId()
  const { sessions } = props.known
  const [chosen, setChosen] = useState(sessions[0]?.id ?? '')
  const path = `/contacts/${encodeURIComponent(props.contact.contactId)}/session`
  const where = new URLSearchParams({ locationId: props.locationId })
  const changing = useMutation({
    mutationFn: (sessionId: string | null) =>
      sessionId === null
        ? api.send<Kept>('DELETE', `${path}?${where}`)
        : api.send<Kept>('POST', path, { locationId: props.locationId, sessionId }),
    onSuccess: props.onChanged,
  })
  const name = props.contact.name ?? props.contact.phone ?? t('unnamed')
  const label = sessions.find((session) => session.id === changing.data?.sessionId)?.label
  return (
    <div className="flex flex-col gap-2 p-4 sm:px-5">
      <label htmlFor={id} className="font-medium">
        {t('keep', { name })}
      </label>
      <p id={`${id}-what`} className="text-muted text-pretty">
        {t('keepWhat')}
      </p>
      <div className="flex flex-wrap gap-2">
        <select
          id={id}
          value={chosen}
          aria-describedby={`${id}-what`}
          onChange={(event) => setChosen(event.target.value)}
          className="border-line bg-card text-ink h-9 min-w-40 flex-1 rounded-lg border px-3"
        >
          {sessions.map((session) => (
            <option key={session.id} value={session.id}>{`${session.priority} · ${session.label}`}</option>
          ))}
        </select>
        <Button
          variant="secondary"
          disabled={changing.isPending || chosen === ''}
          onClick={() => changing.mutate(chosen)}
        >
          {t('use')}
        </Button>
        <Button variant="quiet" disabled={changing.isPending} onClick={() => changing.mutate(null)}>
          {t('release')}
        </Button>
      </div>
      <p role="status" className={changing.data ? 'text-good text-pretty' : 'sr-only'}>
        {changing.data && (changing.data.locked && label ? t('kept', { name, label }) : t('released', { name }))}
      </p>
      <Problem error={changing.error} />
    </div>
  )
}
