'use client'

import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { LoadError, Notice } from './notice'
import { useLocation, useSessions } from './queries'
import { SessionCard } from './session-card'
import { AddSessionDialog } from './session-dialogs'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'
import { Loading, Skeleton } from './ui/skeleton'

export function SessionList({ locationId }: { locationId: string }) {
  const t = useTranslations('sessions')
  const { can } = useSignedIn()
  const sessions = useSessions(locationId)
  const location = useLocation(locationId)
  const [isAdding, setAdding] = useState(false)
  const [addedId, setAddedId] = useState<string | null>(null)
  const max = location.data?.maxSessions
  const mayAdd = can('manage_sessions')

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

  const isFull = max !== undefined && sessions.data.length >= max
  const addButton = mayAdd && (
    <Button onClick={() => setAdding(true)} disabled={isFull}>
      <Plus aria-hidden />
      {t('add')}
    </Button>
  )
  return (
    <section className="flex flex-col gap-4">
      {!can('edit_sessions') && sessions.data.length > 0 && <p className="text-muted text-pretty">{t('whoCan')}</p>}
      {sessions.data.length === 0 ? (
        <Notice kind="empty" title={t('empty')} text={mayAdd ? t('emptyHow') : t('emptyNoRole')}>
          {addButton}
        </Notice>
      ) : (
        <>
          <div className="flex min-h-9 items-center justify-between gap-3">
            <p className="text-muted text-pretty tabular-nums">
              {max !== undefined && t(isFull && mayAdd ? 'full' : 'count', { count: sessions.data.length, max })}
            </p>
            {addButton}
          </div>
          <ul aria-label={t('list')} className="flex flex-col gap-4">
            {sessions.data.map((session) => (
              <li key={session.id} id={session.id} className="min-w-0 scroll-mt-4">
                <SessionCard session={session} isNew={session.id === addedId} />
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
