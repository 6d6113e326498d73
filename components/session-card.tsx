'use client'

import { Pencil } from 'lucide-react'
import { useRef, useState, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { AccountTag } from './account-tag'
import { AssignedUser } from './assigned-user'
import { LinkPanel, type Way } from './link-panel'
import { Problem } from './notice'
import { PriorityDialog } from './priority-dialog'
import { hasFailedToLink, isLinking, isMismatched, SessionMenu, type SessionAction } from './session-actions'
import { RemoveDialog, ReplaceDialog, VerbDialog } from './session-dialogs'
import { SessionFacts } from './session-facts'
import { SessionName } from './session-name'
import { useSessionVerb, type SessionVerb } from './session-queries'
import { SessionStatus } from './session-status'
import { useSignedIn } from './signed-in'
import { SyncSwitches } from './sync-switches'
import { Button } from './ui/button'
import { useServerNow } from './use-server-now'
import { useSettled } from './use-settled'

type Opened = 'stop' | 'restart' | 'logout' | 'replace-number' | 'remove' | 'priority'

export function SessionCard({
  session: current,
  isNew,
  wasThere,
}: {
  session: SessionView
  /** Its reader added it. */
  isNew: boolean
  /** It was there when the list was. */
  wasThere: boolean
}) {
  const { can } = useSignedIn()
  const session = useSettled(current)
  const acting = useSessionVerb(session)
  const [opened, setOpened] = useState<Opened | null>(null)
  // Opened by what is so when the list appears and by its reader, never by what happens elsewhere: nothing jumps.
  const opens = (isNew || wasThere) && isLinking(session) && can('link_sessions')
  const [way, setWay] = useState<Way | null>(opens ? 'qr' : null)
  const [wasNew, setWasNew] = useState(isNew)
  if (isNew !== wasNew) {
    setWasNew(isNew)
    if (opens) setWay('qr')
  }
  // How often the reader asked for the panel here: each time it is brought before their eyes, and the keyboard into it.
  const [calls, setCalls] = useState(0)
  const card = useRef<HTMLElement>(null)

  const dialog = (name: Opened) => ({
    session,
    open: opened === name,
    onOpenChange: (open: boolean) => setOpened(open ? name : null),
  })
  const act = (verb: SessionVerb, then?: () => void) => acting.mutate(verb, { onSuccess: then })
  const show = (by: Way) => {
    setWay(by)
    setCalls((count) => count + 1)
  }
  const close = () => {
    setWay(null)
    card.current?.focus({ preventScroll: true })
  }
  const link = (by: Way) => {
    if (isLinking(session)) show(by)
    // Blocked, it still has its link: it is tried as it is.
    else act('link', session.status === 'banned' ? undefined : () => show(by))
  }
  const choose = (action: SessionAction) => {
    if (action === 'link') link('qr')
    else if (action === 'code') link('code')
    else if (action === 'start') act('start')
    else if (action === 'cancel') act('stop', close)
    else setOpened(action)
  }

  return (
    <article
      ref={card}
      tabIndex={-1}
      aria-label={session.label}
      className="border-line bg-card min-w-0 rounded-xl border p-4 sm:p-5"
    >
      <header className="mb-3 flex items-start gap-3">
        <PriorityMark priority={session.priority} />
        <SessionName session={session} />
        <SessionMenu session={session} onAction={choose} />
      </header>
      <div className="grid min-w-0 gap-x-8 gap-y-4 lg:grid-cols-[minmax(0,1fr)_19rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <SessionStatus session={session}>
            <PrimaryAction
              session={session}
              isPending={acting.isPending}
              isPanelOpen={way !== null}
              onAction={choose}
            />
          </SessionStatus>
          <Problem error={acting.error} />
          <SessionFacts session={session} />
        </div>
        <Settings session={session} onPriority={() => setOpened('priority')} />
      </div>
      {way !== null && (
        <LinkPanel
          session={session}
          way={way}
          calls={isNew ? calls + 1 : calls}
          onWay={setWay}
          onClose={close}
          onAgain={() => act('link', () => show('qr'))}
          onReplace={() => setOpened('replace-number')}
          isAsking={acting.isPending}
        />
      )}

      <VerbDialog verb="stop" {...dialog('stop')} />
      <VerbDialog verb="restart" {...dialog('restart')} />
      <VerbDialog verb="logout" {...dialog('logout')} />
      <ReplaceDialog {...dialog('replace-number')} onReplaced={() => show('qr')} />
      <RemoveDialog key={`remove ${opened === 'remove'}`} {...dialog('remove')} />
      <PriorityDialog key={`priority ${opened === 'priority'}`} {...dialog('priority')} />
    </article>
  )
}

function PriorityMark({ priority: count }: { priority: number }) {
  const t = useTranslations('sessions')
  return (
    <span className="bg-sunken text-muted mt-1.5 flex h-6 min-w-6 items-center justify-center rounded-md px-1.5 text-xs font-semibold tabular-nums">
      <span aria-hidden>{count}</span>
      <span className="sr-only">{t('priority', { count, code: `#WH${count}` })}</span>
    </span>
  )
}

function PrimaryAction(props: {
  session: SessionView
  isPending: boolean
  isPanelOpen: boolean
  onAction: (action: SessionAction) => void
}) {
  const { session } = props
  const t = useTranslations('sessions')
  const { can } = useSignedIn()
  const now = useServerNow()
  const { action } = session
  const isBarred = session.status === 'banned' && session.nextRetryAt !== null && new Date(session.nextRetryAt) > now
  if (isLinking(session)) {
    if (props.isPanelOpen || !can('link_sessions')) return null
    return <Button onClick={() => props.onAction('link')}>{t('showCode')}</Button>
  }
  if (action === null || !can(action === 'link' ? 'link_sessions' : 'run_sessions')) return null
  // The open panel offers the next code where the last one was.
  if (props.isPanelOpen && hasFailedToLink(session)) return null
  const label =
    action === 'start' || session.status === 'banned'
      ? session.status === 'stopped'
        ? t('start')
        : t('tryAgain')
      : session.reason === 'pairing_timeout'
        ? t('newCode')
        : session.phone === null
          ? t('link')
          : t('relink')
  return (
    <>
      {/* Where there is no room beside the first, it is in the menu and in the panel. */}
      {isMismatched(session) && can('manage_sessions') && (
        <Button variant="secondary" className="max-sm:hidden" onClick={() => props.onAction('replace-number')}>
          {t('replace')}
        </Button>
      )}
      <Button disabled={props.isPending || isBarred} onClick={() => props.onAction(action)}>
        {label}
      </Button>
    </>
  )
}

function Settings({ session, onPriority }: { session: SessionView; onPriority: () => void }) {
  const t = useTranslations()
  const { can } = useSignedIn()
  return (
    <section
      aria-label={t('sessions.settings', { label: session.label })}
      className="border-line flex min-w-0 flex-col gap-4 border-t pt-4 lg:border-t-0 lg:border-l lg:pt-0 lg:pl-8"
    >
      <Setting name={t('priority.name')}>
        <div className="flex min-h-9 items-center gap-1">
          <p className="font-medium tabular-nums">
            {session.priority} <span className="text-muted font-normal">#WH{session.priority}</span>
          </p>
          {can('edit_sessions') && (
            <Button
              variant="quiet"
              size="icon"
              className="size-8"
              aria-label={t('priority.change', { label: session.label })}
              onClick={onPriority}
            >
              <Pencil aria-hidden />
            </Button>
          )}
        </div>
      </Setting>
      <Setting name={t('assigned.name')}>
        <AssignedUser session={session} />
      </Setting>
      <Setting name={t('accountTag.name')}>
        <AccountTag session={session} />
      </Setting>
      <SyncSwitches session={session} />
    </section>
  )
}

function Setting({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 grid-cols-[6.5rem_minmax(0,1fr)] items-center gap-x-3">
      <p className="text-muted text-xs">{name}</p>
      <div className="min-w-0">{children}</div>
    </div>
  )
}
