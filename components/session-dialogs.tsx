'use client'

import { useState, type FormEvent } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { Problem, useErrorText } from './notice'
import { useAddSession, useRemove, useSessionVerb } from './session-queries'
import { Button } from './ui/button'
import { Dialog, DialogActions } from './ui/dialog'
import { TextField } from './ui/field'

interface Opened {
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function AddSessionDialog({
  locationId,
  onAdded,
  ...opened
}: Opened & { locationId: string; onAdded: (session: SessionView) => void }) {
  const t = useTranslations('addSession')
  const terms = useTranslations()('terms')
  const adding = useAddSession(locationId)
  return (
    <Dialog {...opened} title={t('title')} description={t('intro')}>
      <NameForm
        initial=""
        submitLabel={t('submit')}
        note={terms}
        saving={adding}
        onSubmit={(label) =>
          adding.mutate(label, {
            onSuccess: (added) => {
              opened.onOpenChange(false)
              onAdded(added)
            },
          })
        }
        onCancel={() => opened.onOpenChange(false)}
      />
    </Dialog>
  )
}

function NameForm(props: {
  initial: string
  submitLabel: string
  note?: string
  saving: { isPending: boolean; error: unknown; reset: () => void }
  onSubmit: (label: string) => void
  onCancel: () => void
}) {
  const t = useTranslations('addSession')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const [label, setLabel] = useState(props.initial)
  const [problem, setProblem] = useState<string | null>(null)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const trimmed = label.trim()
    const wrong = trimmed === '' ? t('required') : [...trimmed].length > 50 ? t('tooLong') : null
    setProblem(wrong)
    if (wrong === null) props.onSubmit(trimmed)
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      <TextField
        label={t('label')}
        hint={t('hint')}
        error={problem ?? (props.saving.error ? errorText(props.saving.error) : null)}
        value={label}
        onChange={(event) => {
          setLabel(event.target.value)
          setProblem(null)
          if (props.saving.error) props.saving.reset()
        }}
        autoComplete="off"
        autoFocus
      />
      {props.note && <p className="bg-sunken text-muted rounded-lg p-3 text-[0.8125rem] text-pretty">{props.note}</p>}
      <DialogActions>
        <Button variant="secondary" onClick={props.onCancel}>
          {common('cancel')}
        </Button>
        <Button type="submit" disabled={props.saving.isPending}>
          {props.submitLabel}
        </Button>
      </DialogActions>
    </form>
  )
}

/** Stop, restart and log out: one sentence of consequences, one button. */
export function VerbDialog(props: Opened & { session: SessionView; verb: 'stop' | 'restart' | 'logout' }) {
  const { session, verb, ...opened } = props
  const t = useTranslations(`${verb}Session`)
  const acting = useSessionVerb(session)
  return (
    <Dialog {...opened} title={t('title', { label: session.label })} description={t('text')}>
      <Confirm
        label={t('submit')}
        isDangerous={verb === 'logout'}
        acting={acting}
        onCancel={() => opened.onOpenChange(false)}
        onConfirm={() => acting.mutate(verb, { onSuccess: () => opened.onOpenChange(false) })}
      />
    </Dialog>
  )
}

export function ReplaceDialog(props: Opened & { session: SessionView; onReplaced: () => void }) {
  const { session, onReplaced, ...opened } = props
  const t = useTranslations('replaceNumber')
  const acting = useSessionVerb(session)
  const close = () => opened.onOpenChange(false)
  return (
    <Dialog
      {...opened}
      title={t('title', { label: session.label })}
      description={t('text', { phone: session.phone ?? '' })}
    >
      <Confirm
        label={t('submit')}
        acting={acting}
        onCancel={close}
        onConfirm={() =>
          acting.mutate('replace-number', {
            onSuccess: () => {
              close()
              onReplaced()
            },
          })
        }
      />
    </Dialog>
  )
}

function Confirm(props: {
  label: string
  isDangerous?: boolean
  acting: { isPending: boolean; error: unknown }
  onCancel: () => void
  onConfirm: () => void
}) {
  const common = useTranslations('common')
  return (
    <>
      <Problem error={props.acting.error} />
      <DialogActions>
        <Button variant="secondary" onClick={props.onCancel}>
          {common('cancel')}
        </Button>
        <Button
          variant={props.isDangerous ? 'danger' : 'primary'}
          disabled={props.acting.isPending}
          onClick={props.onConfirm}
        >
          {props.label}
        </Button>
      </DialogActions>
    </>
  )
}

export function RemoveDialog({ session, ...opened }: Opened & { session: SessionView }) {
  const t = useTranslations('removeSession')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const removing = useRemove(session)
  const [typed, setTyped] = useState('')
  const [removeTags, setRemoveTags] = useState(false)
  const isConfirmed = typed.trim() === session.label
  return (
    <Dialog {...opened} title={t('title', { label: session.label })} description={t('text')}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (isConfirmed) removing.mutate({ removeTags })
        }}
      >
        {session.accountTag !== null && (
          <label className="flex items-start gap-2.5 text-pretty">
            <input
              type="checkbox"
              className="accent-accent mt-0.5 size-4 shrink-0"
              checked={removeTags}
              onChange={(event) => setRemoveTags(event.target.checked)}
            />
            {t('tags', { tag: session.accountTag })}
          </label>
        )}
        <TextField
          label={t('label', { label: session.label })}
          error={removing.error ? errorText(removing.error) : null}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
        />
        <DialogActions>
          <Button variant="secondary" onClick={() => opened.onOpenChange(false)}>
            {common('cancel')}
          </Button>
          <Button type="submit" variant="danger" disabled={!isConfirmed || removing.isPending}>
            {t('submit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
