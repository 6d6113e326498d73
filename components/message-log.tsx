'use client'

import { useState } from 'react'
import { useTranslations } from 'use-intl'
import type { ShownStatus } from '@/lib/bridge/message/view'
import { MessageRow } from './message-row'
import { LoadError, Notice } from './notice'
import { useMessages, useSessions, type MessageFilter } from './queries'
import { Button } from './ui/button'
import { SelectField } from './ui/field'
import { Loading, Skeleton } from './ui/skeleton'

const statuses: readonly ShownStatus[] = [
  'received',
  'queued',
  'held',
  'sending',
  'sent',
  'delivered',
  'read',
  'failed',
]
const everything: MessageFilter = { sessionId: '', status: '', direction: '' }

/** What crossed, newest first, with the session it took and why. */
export function MessageLog({ locationId }: { locationId: string }) {
  const t = useTranslations('message')
  const common = useTranslations('common')
  const [filter, setFilter] = useState(everything)
  const messages = useMessages(locationId, filter)
  const sessions = useSessions(locationId)
  const set = (change: Partial<MessageFilter>) => setFilter((current) => ({ ...current, ...change }))
  const shown = messages.data?.pages.flatMap((page) => page.items) ?? []
  const isFiltered = Object.values(filter).some((value) => value !== '')

  return (
    <section className="flex flex-col gap-4">
      <div className="flex flex-wrap gap-2">
        <SelectField
          label={t('filterSession')}
          value={filter.sessionId}
          onChange={(event) => set({ sessionId: event.target.value })}
        >
          <option value="">{t('allSessions')}</option>
          {sessions.data?.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t('filterStatus')}
          value={filter.status}
          onChange={(event) => set({ status: event.target.value })}
        >
          <option value="">{t('allStatuses')}</option>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {t(`status.${status}`)}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t('filterDirection')}
          value={filter.direction}
          onChange={(event) => set({ direction: event.target.value })}
        >
          <option value="">{t('bothDirections')}</option>
          <option value="inbound">{t('direction.inbound')}</option>
          <option value="outbound">{t('direction.outbound')}</option>
        </SelectField>
      </div>

      {shown.some((message) => message.text === null) && <p className="text-muted text-pretty">{t('hidden')}</p>}
      {messages.isPending ? (
        <Loading className="flex flex-col gap-2">
          {[1, 2, 3, 4].map((row) => (
            <Skeleton key={row} className="h-24" />
          ))}
        </Loading>
      ) : !messages.data ? (
        <LoadError error={messages.error} onRetry={() => void messages.refetch()} />
      ) : shown.length === 0 ? (
        <Notice
          kind="empty"
          title={isFiltered ? t('noMatch') : t('empty')}
          text={isFiltered ? t('noMatchHow') : t('emptyHow')}
        />
      ) : (
        <ul
          aria-label={t('list')}
          className="border-line bg-card divide-line divide-y overflow-hidden rounded-xl border"
        >
          {shown.map((message) => (
            <li key={message.id}>
              <MessageRow message={message} />
            </li>
          ))}
        </ul>
      )}
      {messages.hasNextPage && (
        <Button
          variant="secondary"
          className="self-center"
          disabled={messages.isFetchingNextPage}
          onClick={() => void messages.fetchNextPage()}
        >
          {common('loadMore')}
        </Button>
      )}
    </section>
  )
}
