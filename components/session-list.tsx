'use client'

import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { LoadError, Notice } from './notice'
import { useEntitlement, useLocation, useSessions } from './queries'
import { SessionCard } from './session-card'
import { AddSessionDialog } from './session-dialogs'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'
import { Loading, Skeleton } from './ui/skeleton'

export function SessionList({ locationId }: { locationId: string }) {
  const sessions = useSessions(locationId)
  if (sessions.isPending)
    return (
      <Loading className="flex flex-col gap-4">
        <Skeleton className="h-9" />
        {/* A card's height at each width. */}
        <Skeleton className="h-175 lg:h-95" />
        <Skeleton className="h-175 lg:h-95" />
      </Loading>
    )
  if (!sessions.data) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />
  return <Sessions locationId={locationId} sessions={sessions.data} />
}

function Sessions({ locationId, sessions }: { locationId: string; sessions: readonly SessionView[] }) {
  const t = useTranslations('sessions')
  const { can } = useSignedIn()
  const location = useLocation(locationId)
  const isUnpaid = useEntitlement(locationId).data?.state === 'ended'
  const [isAdding, setAdding] = useState(false)
  const [addedId, setAddedId] = useState<string | null>(null)
  const [ids] = useState(() => new Set(sessions.map(({ id }) => id)))
  const max = location.data?.maxSessions
  const mayAdd = can('manage_sessions')
  const isFull = max !== undefined && sessions.length >= max
  const addButton = mayAdd && (
    <Button onClick={() => setAdding(true)} disabled={isFull || isUnpaid}>
      <Plus aria-hidden />
      {t('add')}
    </Button>
  )
  return (
    <section className="flex flex-col gap-4">
      {!can('edit_sessions') && sessions.length > 0 && <p className="text-muted text-pretty">{t('whoCan')}</p>}
      {sessions.length === 0 ? (
        <Notice kind="empty" title={t('empty')} text={t(!mayAdd ? 'emptyNoRole' : isUnpaid ? 'unpaid' : 'emptyHow')}>
          {addButton}
        </Notice>
      ) : (
        <>
          <div className="flex min-h-9 items-center justify-between gap-3">
            <p className="text-muted text-pretty tabular-nums">
              {isUnpaid && mayAdd
                ? t('unpaid')
                : max !== undefined && t(isFull && mayAdd ? 'full' : 'count', { count: sessions.length, max })}
            </p>
            {addButton}
          </div>
          <ul aria-label={t('list')} className="flex flex-col gap-4">
            {sessions.map((session) => (
              <li key={session.id} id={session.id} className="min-w-0 scroll-mt-4">
                <SessionCard session={session} isNew={session.id === addedId} wasThere={ids.has(session.id)} />
              </li>
            ))}
          </ul>
        </>
      )}
      <AddSessionDialog
        key={String(isAdding)}
        locationId={locationId}
        open={isAdding}
        onOpenChange={setAdding}
        onAdded={(session) => setAddedId(session.id)}
      />
    </section>
  )
}
