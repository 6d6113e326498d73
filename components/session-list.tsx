'use client'

import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { LoadError, Notice } from './notice'
import { useLocation, useSessions } from './queries'
import { isLinking, SessionCard } from './session-card'
import { AddSessionDialog } from './session-dialogs'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'
import { Skeleton } from './ui/skeleton'

export function SessionList({ locationId }: { locationId: string }) {
  const t = useTranslations('sessions')
  const common = useTranslations('common')
  const { can } = useSignedIn()
  const sessions = useSessions(locationId)
  const location = useLocation(locationId)
  const [isAdding, setAdding] = useState(false)
  const max = location.data?.maxSessions
  const mayAdd = can('manage_sessions')

  if (sessions.isPending)
    return (
      <div className="grid gap-4 lg:grid-cols-2" aria-busy="true">
        <p role="status" className="sr-only">
          {common('loading')}
        </p>
        <Skeleton className="h-9 lg:col-span-2" />
        <Skeleton className="h-72" />
        <Skeleton className="h-72" />
      </div>
    )
  if (!sessions.data) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />

  const addButton = mayAdd && (
    <Button onClick={() => setAdding(true)} disabled={max !== undefined && sessions.data.length >= max}>
      <Plus aria-hidden />
      {t('add')}
    </Button>
  )
  return (
    <section className="flex flex-col gap-4">
      {sessions.data.length === 0 ? (
        <Notice kind="empty" title={t('empty')} text={mayAdd ? t('emptyHow') : t('emptyNoRole')}>
          {addButton}
        </Notice>
      ) : (
        <>
          <div className="flex h-9 items-center justify-between gap-3">
            <p className="text-muted tabular-nums">
              {max !== undefined && t('count', { count: sessions.data.length, max })}
            </p>
            {addButton}
          </div>
          <ul className="grid items-start gap-4 lg:grid-cols-2">
            {sessions.data.map((session) => (
              <li key={session.id} className={isLinking(session) ? 'min-w-0 lg:col-span-2' : 'min-w-0'}>
                <SessionCard session={session} />
              </li>
            ))}
          </ul>
        </>
      )}
      <AddSessionDialog key={String(isAdding)} locationId={locationId} open={isAdding} onOpenChange={setAdding} />
    </section>
  )
}
