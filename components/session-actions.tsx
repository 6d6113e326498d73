'use client'

import { EllipsisVertical, Hash, Link2, LogOut, Play, Replace, RotateCw, Square, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'
import { Menu, MenuItem } from './ui/menu'

export type SessionAction =
  'link' | 'code' | 'start' | 'stop' | 'cancel' | 'restart' | 'logout' | 'replace-number' | 'remove'

type Statuses = readonly SessionView['status'][]

const stoppable: Statuses = ['starting', 'connected', 'reconnecting', 'failed']
const restartable: Statuses = ['connected', 'reconnecting', 'failed']
/** Every other status keeps its link, so that connecting again needs no scan. */
const unlinked: Statuses = ['created', 'logged_out']

/** A session that starts without a link is about to show a code; one that has its link is not. */
export function isLinking({ status, phone, connectedAt }: SessionView): boolean {
  return (
    status === 'awaiting_link' || status === 'linking' || (status === 'starting' && (phone === null || !connectedAt))
  )
}

/** How an attempt to link ends without a link. */
const attempts: readonly (string | null)[] = ['pairing_timeout', 'paired_number_mismatch', 'duplicate_number']

export const hasFailedToLink = ({ action, reason }: SessionView) => action === 'link' && attempts.includes(reason)

export const isMismatched = ({ status, reason }: SessionView) =>
  status === 'logged_out' && reason === 'paired_number_mismatch'

/** Everything this reader may do with the session now. */
function useActions(session: SessionView): SessionAction[] {
  const { can } = useSignedIn()
  const { status } = session
  const linking = isLinking(session)
  return [
    ...(can('link_sessions') && unlinked.includes(status) ? (['link'] as const) : []),
    ...(can('link_sessions') && (unlinked.includes(status) || status === 'awaiting_link') ? (['code'] as const) : []),
    ...(can('manage_sessions') && isMismatched(session) ? (['replace-number'] as const) : []),
    ...(can('run_sessions') && (status === 'stopped' || status === 'failed') ? (['start'] as const) : []),
    ...(can('run_sessions') && restartable.includes(status) ? (['restart'] as const) : []),
    ...(can('run_sessions') && linking ? (['cancel'] as const) : []),
    ...(can('run_sessions') && !linking && stoppable.includes(status) ? (['stop'] as const) : []),
    ...(can('manage_sessions') && session.phone !== null && !unlinked.includes(status) ? (['logout'] as const) : []),
    ...(can('manage_sessions') ? (['remove'] as const) : []),
  ]
}

const icons: Record<SessionAction, ReactNode> = {
  link: <Link2 aria-hidden />,
  code: <Hash aria-hidden />,
  start: <Play aria-hidden />,
  stop: <Square aria-hidden />,
  cancel: <Square aria-hidden />,
  restart: <RotateCw aria-hidden />,
  logout: <LogOut aria-hidden />,
  'replace-number': <Replace aria-hidden />,
  remove: <Trash2 aria-hidden />,
}

export function SessionMenu(props: { session: SessionView; onAction: (action: SessionAction) => void }) {
  const { session } = props
  const t = useTranslations('sessions')
  const { can } = useSignedIn()
  const actions = useActions(session)
  const names: Record<SessionAction, string> = {
    link: session.phone === null ? t('link') : t('linkAgain'),
    code: t('pairingCode'),
    start: t('start'),
    stop: t('stop'),
    cancel: t('cancelLink'),
    restart: t('restart'),
    logout: t('logout'),
    'replace-number': t('replace'),
    remove: t('remove'),
  }
  // Whoever can link only has the one button for it.
  if (!can('run_sessions') && !can('manage_sessions')) return null
  return (
    <Menu
      trigger={
        <Button variant="quiet" size="icon" className="-mr-1.5" aria-label={t('actions', { label: session.label })}>
          <EllipsisVertical aria-hidden />
        </Button>
      }
    >
      {actions.map((action) => (
        <MenuItem
          key={action}
          onSelect={() => props.onAction(action)}
          className={action === 'remove' ? 'text-bad' : undefined}
        >
          {icons[action]}
          {names[action]}
        </MenuItem>
      ))}
    </Menu>
  )
}
