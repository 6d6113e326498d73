'use client'

import { Check, Pencil, X } from 'lucide-react'
import { useEffect, useId, useRef, useState, type FormEvent } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { useErrorText } from './notice'
import { useChangeSession } from './session-queries'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'

/** The name, changed where it stands: Enter keeps, Escape gives up, and the focus goes back to the pencil. */
export function SessionName({ session }: { session: SessionView }) {
  const t = useTranslations('sessions')
  const { can } = useSignedIn()
  const [isEditing, setEditing] = useState(false)
  const [wasEditing, setWasEditing] = useState(false)
  const pencil = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (wasEditing && !isEditing) pencil.current?.focus()
  }, [isEditing, wasEditing])

  if (isEditing) return <NameForm session={session} onDone={() => setEditing(false)} />
  return (
    <div className="flex min-h-9 min-w-0 flex-1 items-center gap-1">
      <h2 className="min-w-0 text-base font-semibold break-words">{session.label}</h2>
      {can('edit_sessions') && (
        <Button
          ref={pencil}
          variant="quiet"
          size="icon"
          className="size-8"
          aria-label={t('rename', { label: session.label })}
          onClick={() => {
            setEditing(true)
            setWasEditing(true)
          }}
        >
          <Pencil aria-hidden />
        </Button>
      )}
    </div>
  )
}

function NameForm({ session, onDone }: { session: SessionView; onDone: () => void }) {
  const t = useTranslations('sessions')
  const names = useTranslations('addSession')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const renaming = useChangeSession(session)
  const [label, setLabel] = useState(session.label)
  const [wrong, setWrong] = useState<string | null>(null)
  const id = useId()
  const error = wrong ?? (renaming.error ? errorText(renaming.error) : null)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const trimmed = label.trim()
    const problem = trimmed === '' ? names('required') : [...trimmed].length > 50 ? names('tooLong') : null
    setWrong(problem)
    if (problem !== null) return
    if (trimmed === session.label) onDone()
    else renaming.mutate({ label: trimmed }, { onSuccess: onDone })
  }
  return (
    <form onSubmit={submit} noValidate className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1">
      <div className="flex min-w-0 flex-1 items-center gap-1 sm:max-w-96">
        <input
          aria-label={t('nameLabel')}
          className="border-line bg-card aria-invalid:border-bad h-9 w-full min-w-0 rounded-lg border px-2.5 text-base font-semibold"
          value={label}
          onChange={(event) => {
            setLabel(event.target.value)
            setWrong(null)
            if (renaming.error) renaming.reset()
          }}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? id : undefined}
          autoComplete="off"
          autoFocus
          onFocus={(event) => event.target.select()}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onDone()
          }}
        />
        <Button type="submit" variant="quiet" size="icon" aria-label={common('save')} disabled={renaming.isPending}>
          <Check aria-hidden />
        </Button>
        <Button variant="quiet" size="icon" aria-label={common('cancel')} onClick={onDone}>
          <X aria-hidden />
        </Button>
      </div>
      {error && (
        <p id={id} role="alert" className="text-bad text-pretty">
          {error}
        </p>
      )}
    </form>
  )
}
