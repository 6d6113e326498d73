'use client'

import { useId, useState, type FormEvent } from 'react'
import { useTranslations } from 'use-intl'
import type { PriorityPreview } from '@/lib/bridge/session/preview-priority'
import type { SessionView } from '@/lib/bridge/session/session'
import { useErrorText } from './notice'
import { useLocation, useSessions } from './queries'
import { useChangePriority, usePriorityPreview, wasOvertaken } from './session-queries'
import { Button } from './ui/button'
import { Dialog, DialogActions } from './ui/dialog'
import { Skeleton } from './ui/skeleton'

export function PriorityDialog(props: { session: SessionView; open: boolean; onOpenChange: (open: boolean) => void }) {
  const { session, ...opened } = props
  const t = useTranslations('priority')
  return (
    <Dialog {...opened} title={t('title', { label: session.label })} description={t('intro')}>
      <PriorityForm session={session} onDone={() => opened.onOpenChange(false)} />
    </Dialog>
  )
}

function PriorityForm({ session, onDone }: { session: SessionView; onDone: () => void }) {
  const t = useTranslations('priority')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const sessions = useSessions(session.locationId)
  const location = useLocation(session.locationId)
  const changing = useChangePriority(session)
  const [to, setTo] = useState(session.priority)
  const [round, setRound] = useState(0)
  const preview = usePriorityPreview(session, to, round)
  const id = useId()
  const error = changing.error ?? preview.error
  const isSame = to === session.priority

  const holders = new Map(sessions.data?.map((one) => [one.priority, one]))
  const most = Math.max(location.data?.maxSessions ?? 5, ...holders.keys(), session.priority)
  const optionText = (priority: number) => {
    const holder = holders.get(priority)
    if (!holder) return t('free', { count: priority })
    if (holder.id === session.id) return t('current', { count: priority, label: session.label })
    return t('taken', { count: priority, label: holder.label, own: session.priority })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!preview.data || isSame) return
    changing.mutate(
      { priority: to, version: preview.data.version },
      {
        onSuccess: onDone,
        // What is shown next is read anew, and must be decided about anew.
        onError: () => setRound((count) => count + 1),
      },
    )
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <div className="flex flex-col gap-1.5">
        <label htmlFor={id} className="font-medium">
          {t('choose')}
        </label>
        <select
          id={id}
          className="border-line bg-card h-9 w-full rounded-lg border px-3"
          value={to}
          onChange={(event) => {
            setTo(Number(event.target.value))
            changing.reset()
          }}
          autoFocus
        >
          {Array.from({ length: most }, (_, index) => index + 1).map((priority) => (
            <option key={priority} value={priority}>
              {optionText(priority)}
            </option>
          ))}
        </select>
      </div>
      <div role="status" className="min-h-30">
        {isSame ? (
          <p className="text-muted">{t('same')}</p>
        ) : preview.data ? (
          <Warning preview={preview.data} />
        ) : preview.isPending ? (
          <>
            <span className="sr-only">{t('asking')}</span>
            <Skeleton className="h-26" />
          </>
        ) : null}
      </div>
      {error && (
        <p role="alert" className={wasOvertaken(error) ? 'bg-wait-soft text-wait rounded-lg p-3' : 'text-bad'}>
          {errorText(error)}
        </p>
      )}
      <DialogActions>
        <Button variant="secondary" onClick={onDone}>
          {common('cancel')}
        </Button>
        <Button type="submit" disabled={isSame || !preview.data || changing.isPending}>
          {t('submit')}
        </Button>
      </DialogActions>
    </form>
  )
}

function Warning({ preview: { changes } }: { preview: PriorityPreview }) {
  const t = useTranslations('priority')
  const clauses = changes.map(({ code, label }, index) =>
    label === null
      ? t(index === 0 ? 'meansNothing' : 'meansNothingNext', { code })
      : t(index === 0 ? 'means' : 'meansNext', { code, label }),
  )
  return (
    <div className="bg-wait-soft text-wait flex flex-col gap-2 rounded-lg p-3">
      <p className="font-medium text-pretty">{clauses.join(', ')}.</p>
      <ul className="text-[0.8125rem]">
        {changes.map(({ code, uses }) => (
          <li key={code}>{t('uses', { code, count: uses })}</li>
        ))}
      </ul>
      <p className="text-[0.8125rem] text-pretty">{t('waiting')}</p>
    </div>
  )
}
