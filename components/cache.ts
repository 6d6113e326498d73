/** What pages remember of the server's answers, by key, and how a changed session or message gets into it. */
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import type { MessageView } from '@/lib/bridge/message/view'
import type { Page } from '@/lib/bridge/paging'
import type { QrView } from '@/lib/bridge/session/pairing'
import type { SessionView } from '@/lib/bridge/session/session'

export const keys = {
  locations: ['locations'] as const,
  location: (locationId: string) => ['location', locationId] as const,
  sessions: (locationId: string) => ['sessions', locationId] as const,
  qr: (sessionId: string) => ['qr', sessionId] as const,
  messages: (locationId: string) => ['messages', locationId] as const,
  settings: (locationId: string) => ['settings', locationId] as const,
  users: (locationId: string) => ['users', locationId] as const,
  contacts: (locationId: string, query: string) => ['contacts', locationId, query] as const,
  sync: (kind: 'contacts' | 'labels', sessionId: string) => ['sync', kind, sessionId] as const,
  alerts: (locationId: string) => ['alerts', locationId] as const,
  entitlement: (locationId: string) => ['entitlement', locationId] as const,
}

/** An answer under way may be older than what was just stored, and would take its place: it is asked for again. */
export function outrun(queries: QueryClient, queryKey: readonly unknown[]): void {
  if (queries.isFetching({ queryKey }) > 0) void queries.invalidateQueries({ queryKey })
}

export function storeSession(queries: QueryClient, session: SessionView): void {
  queries.setQueryData<SessionView[]>(
    keys.sessions(session.locationId),
    (list) => list && [...list.filter(({ id }) => id !== session.id), session].sort((a, b) => a.priority - b.priority),
  )
  outrun(queries, keys.sessions(session.locationId))
  if (session.status !== 'awaiting_link') queries.removeQueries({ queryKey: keys.qr(session.id) })
}

export function storeQr(queries: QueryClient, qr: QrView): void {
  queries.setQueryData(keys.qr(qr.sessionId), qr)
  outrun(queries, keys.qr(qr.sessionId))
}

export function dropSession(queries: QueryClient, locationId: string, sessionId: string): void {
  queries.setQueryData<SessionView[]>(keys.sessions(locationId), (list) => list?.filter(({ id }) => id !== sessionId))
}

/** Puts a changed message where it is shown; false when no shown list has it. */
export function storeMessage(queries: QueryClient, message: MessageView): boolean {
  let isShown = false
  queries.setQueriesData<InfiniteData<Page<MessageView>>>({ queryKey: keys.messages(message.locationId) }, (data) => {
    if (!data) return data
    return {
      ...data,
      pages: data.pages.map((page) => ({
        ...page,
        items: page.items.map((item) => {
          if (item.id !== message.id) return item
          isShown = true
          return message
        }),
      })),
    }
  })
  if (isShown) outrun(queries, keys.messages(message.locationId))
  return isShown
}
