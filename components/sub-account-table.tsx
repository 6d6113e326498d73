'use client'

import { ChevronRight } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import type { SubAccountView } from '@/lib/bridge/sub-account/list'
import { LoadError, Notice } from './notice'
import { useLocations } from './queries'
import { Badge } from './state-badge'
import { Button } from './ui/button'
import { TextField } from './ui/field'
import { Loading, Skeleton } from './ui/skeleton'

const searchFrom = 8

export function SubAccountTable() {
  const t = useTranslations('subAccounts')
  const common = useTranslations('common')
  const locations = useLocations()
  const [wanted, setWanted] = useState('')

  if (locations.isPending)
    return (
      <Loading className="flex flex-col gap-2">
        {[1, 2, 3].map((row) => (
          <Skeleton key={row} className="h-16" />
        ))}
      </Loading>
    )
  if (!locations.data) return <LoadError error={locations.error} onRetry={() => void locations.refetch()} />

  const all = locations.data.pages.flatMap((page) => page.items)
  if (all.length === 0) return <Notice kind="empty" title={t('empty')} text={t('emptyHow')} />
  const shown = all.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()))
  return (
    <div className="flex flex-col gap-4">
      {all.length >= searchFrom && (
        <div className="max-w-xs">
          <TextField
            label={t('search')}
            type="search"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </div>
      )}
      {shown.length === 0 ? (
        <Notice kind="empty" title={t('noMatch')} />
      ) : (
        <ul className="border-line bg-card divide-line divide-y overflow-hidden rounded-xl border">
          {shown.map((location) => (
            <li key={location.id}>
              <Row location={location} />
            </li>
          ))}
        </ul>
      )}
      {locations.hasNextPage && (
        <Button
          variant="secondary"
          className="self-center"
          disabled={locations.isFetchingNextPage}
          onClick={() => void locations.fetchNextPage()}
        >
          {common('loadMore')}
        </Button>
      )}
    </div>
  )
}

function Row({ location }: { location: SubAccountView }) {
  const t = useTranslations('subAccounts')
  const { total, connected, attention } = location.sessions
  return (
    <Link
      href={`/embed/${encodeURIComponent(location.id)}`}
      className="hover:bg-sunken flex min-h-16 items-center gap-4 px-4 py-3 -outline-offset-2"
    >
      <span className="flex min-w-0 flex-1 flex-wrap items-center justify-between gap-x-4 gap-y-1.5">
        <span className="flex min-w-40 flex-1 flex-col gap-0.5">
          <span className="truncate font-medium">{location.name || t('unnamed')}</span>
          <span className="text-muted tabular-nums">
            {total === 0 ? t('none') : t('connected', { count: connected, total })}
          </span>
        </span>
        {location.status !== 'active' ? (
          <Badge tone="bad">{t(`status.${location.status}`)}</Badge>
        ) : (
          attention > 0 && <Badge tone="bad">{t('attention', { count: attention })}</Badge>
        )}
      </span>
      <ChevronRight aria-hidden className="text-muted size-4 shrink-0" />
    </Link>
  )
}
