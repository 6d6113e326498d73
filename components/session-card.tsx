'use client'

import { EllipsisVertical, LogOut, Pencil, Square, Trash2 } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { useFormatter, useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { LinkPanel } from './link-panel'
import { useErrorText } from './notice'
import { useSessionVerb } from './queries'
import { RemoveDialog, RenameDialog, VerbDialog } from './session-dialogs'
import { useSignedIn } from './signed-in'
import { StateBadge, useStateSentence } from './state-badge'
import { Button } from './ui/button'
import { cn } from './ui/cn'
import { Menu, MenuItem } from './ui/menu'

type Opened = 'rename' | 'stop' | 'logout' | 'remove' | null

const stoppable: readonly SessionView['status'][] = [
  'starting',
  'awaiting_link',
  'linking',
  'connected',
  'reconnecting',
  'failed',
]

export function SessionCard({ session }: { session: SessionView }) {
  const t = useTranslations('sessions')
  const format = useFormatter()
  const sentence = useStateSentence()
  const { can } = useSignedIn()
  const [opened, setOpened] = useState<Opened>(null)
  const dialog = (name: Exclude<Opened, null>) => ({
    open: opened === name,
    onOpenChange: (open: boolean) => setOpened(open ? name : null),
  })
  const linking = isLinking(session) && can('link_sessions')
  const priority = t('priority', { count: session.priority, code: `#WH${session.priority}` })
  return (
    <article
      aria-label={session.label}
      className={cn(
        'border-line bg-card grid min-w-0 gap-4 rounded-xl border p-4 sm:p-5',
        linking && 'lg:grid-cols-2 lg:grid-rows-[auto_1fr] lg:gap-x-10',
      )}
    >
      <div className="flex min-w-0 flex-col gap-4">
        <header className="flex items-start gap-3">
          <span
            title={priority}
            className="bg-sunken text-muted mt-0.5 flex h-6 min-w-6 items-center justify-center rounded-md px-1.5 text-xs font-semibold tabular-nums"
          >
            <span aria-hidden>{session.priority}</span>
            <span className="sr-only">{priority}</span>
          </span>
          <h3 className="min-w-0 flex-1 text-base font-semibold break-words">{session.label}</h3>
          <ActionsMenu session={session} onOpen={setOpened} />
        </header>

        <div role="status" className="flex flex-col items-start gap-1.5">
          <StateBadge status={session.status} />
          {/* Two lines whatever the status, so a change moves nothing below. */}
          <p className="min-h-10 text-pretty">{sentence(session)}</p>
          <p className="text-muted">
            {t('since', {
              when: format.dateTime(new Date(session.since), { dateStyle: 'medium', timeStyle: 'short' }),
            })}
          </p>
        </div>

        <dl className="border-line grid grid-cols-2 gap-x-4 gap-y-3 border-t pt-4">
          <Fact name={t('number')}>{session.phone ? <bdi dir="ltr">{session.phone}</bdi> : t('noNumber')}</Fact>
          <Fact name={t('name')}>{session.pushName ?? '–'}</Fact>
          <Fact name={t('linked')}>{session.connectedAt ? <Moment iso={session.connectedAt} /> : '–'}</Fact>
          <Fact name={t('created')}>
            <Moment iso={session.createdAt} />
          </Fact>
        </dl>

        <PrimaryAction session={session} />
      </div>
      {linking && <LinkPanel session={session} />}

      <RenameDialog key={`rename ${opened === 'rename'}`} session={session} {...dialog('rename')} />
      <VerbDialog session={session} verb="stop" {...dialog('stop')} />
      <VerbDialog session={session} verb="logout" {...dialog('logout')} />
      <RemoveDialog key={`remove ${opened === 'remove'}`} session={session} {...dialog('remove')} />
    </article>
  )
}

/** A session that starts without a link is about to show a code; one that has its link is not. */
export function isLinking({ status, phone, connectedAt }: SessionView): boolean {
  return (
    status === 'awaiting_link' || status === 'linking' || (status === 'starting' && (phone === null || !connectedAt))
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted text-xs">{name}</dt>
      <dd className="truncate font-medium">{children}</dd>
    </div>
  )
}

function Moment({ iso }: { iso: string }) {
  const format = useFormatter()
  const at = new Date(iso)
  return (
    <time dateTime={iso} title={format.dateTime(at, { dateStyle: 'full', timeStyle: 'short' })}>
      {format.dateTime(at, { dateStyle: 'medium' })}
    </time>
  )
}

function PrimaryAction({ session }: { session: SessionView }) {
  const t = useTranslations('sessions')
  const errorText = useErrorText()
  const { can } = useSignedIn()
  const acting = useSessionVerb(session)
  const { action } = session
  if (action === null || !can(action === 'link' ? 'link_sessions' : 'run_sessions')) return null
  const label =
    action === 'start'
      ? session.status === 'failed'
        ? t('tryAgain')
        : t('start')
      : session.reason === 'pairing_timeout'
        ? t('newCode')
        : session.phone === null
          ? t('link')
          : t('relink')
  return (
    <div className="flex flex-col gap-2">
      <Button disabled={acting.isPending} onClick={() => acting.mutate(action)}>
        {label}
      </Button>
      {acting.error && (
        <p role="alert" className="text-bad">
          {errorText(acting.error)}
        </p>
      )}
    </div>
  )
}

function ActionsMenu({ session, onOpen }: { session: SessionView; onOpen: (dialog: Opened) => void }) {
  const t = useTranslations('sessions')
  const { can } = useSignedIn()
  if (!can('edit_sessions') && !can('run_sessions') && !can('manage_sessions')) return null
  return (
    <Menu
      trigger={
        <Button
          variant="quiet"
          size="icon"
          className="-mt-1.5 -mr-1.5"
          aria-label={t('actions', { label: session.label })}
        >
          <EllipsisVertical aria-hidden />
        </Button>
      }
    >
      {can('edit_sessions') && (
        <MenuItem onSelect={() => onOpen('rename')}>
          <Pencil aria-hidden />
          {t('rename')}
        </MenuItem>
      )}
      {can('run_sessions') && stoppable.includes(session.status) && (
        <MenuItem onSelect={() => onOpen('stop')}>
          <Square aria-hidden />
          {isLinking(session) ? t('cancelLink') : t('stop')}
        </MenuItem>
      )}
      {can('manage_sessions') && session.phone !== null && session.status !== 'logged_out' && (
        <MenuItem onSelect={() => onOpen('logout')}>
          <LogOut aria-hidden />
          {t('logout')}
        </MenuItem>
      )}
      {can('manage_sessions') && (
        <MenuItem onSelect={() => onOpen('remove')} className="text-bad">
          <Trash2 aria-hidden />
          {t('remove')}
        </MenuItem>
      )}
    </Menu>
  )
}
