'use client'

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { EntitlementView } from '@/lib/bridge/entitlement/read'
import type { MessageView } from '@/lib/bridge/message/view'
import type { Page } from '@/lib/bridge/paging'
import type { PairingCodeView, QrView } from '@/lib/bridge/session/pairing'
import type { SessionView } from '@/lib/bridge/session/session'
import type { SubAccountView } from '@/lib/bridge/sub-account/list'
import { ApiError } from './api'
import { keys } from './cache'
import { useLive } from './live'
import { useSignedIn } from './signed-in'

const pollMs = 3000

/** Asking again does not help where the answer was that there is nothing here for this reader. */
export const pollUnless =
  (isLive: boolean, everyMs = pollMs) =>
  ({ state }: { state: { error: unknown } }): number | false =>
    isLive || isRefused(state.error) ? false : everyMs

/** What must not stay wrong for long is asked for even while events tell of it: one may be lost on its way. */
export const pollAlso =
  (isLive: boolean) =>
  ({ state }: { state: { error: unknown } }): number | false =>
    isRefused(state.error) ? false : isLive ? 10_000 : pollMs

const isRefused = (error: unknown) => error instanceof ApiError && error.status >= 400 && error.status < 500

export interface MessageFilter {
  sessionId: string
  status: string
  direction: string
}

export function useLocations() {
  const { api } = useSignedIn()
  return useInfiniteQuery({
    queryKey: keys.locations,
    queryFn: ({ pageParam }) => api.get<Page<SubAccountView>>(`/locations?${pageQuery(pageParam)}`),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: pollUnless(false, 15_000),
  })
}

export function useLocation(locationId: string) {
  const { api } = useSignedIn()
  return useQuery({
    queryKey: keys.location(locationId),
    queryFn: () => api.get<SubAccountView>(`/locations/${encodeURIComponent(locationId)}`),
    refetchInterval: pollUnless(false, 60_000),
  })
}

export function useEntitlement(locationId: string) {
  const { api } = useSignedIn()
  return useQuery({
    queryKey: keys.entitlement(locationId),
    queryFn: () => api.get<EntitlementView>(`/locations/${encodeURIComponent(locationId)}/entitlement`),
    // Days pass without an event.
    refetchInterval: pollUnless(false, 60_000),
  })
}

export function useSessions(locationId: string) {
  const { api } = useSignedIn()
  const isLive = useLive()
  return useQuery({
    queryKey: keys.sessions(locationId),
    queryFn: async () =>
      (await api.get<Page<SessionView>>(`/locations/${encodeURIComponent(locationId)}/sessions?limit=100`)).items,
    refetchInterval: pollAlso(isLive),
  })
}

/** The QR to scan now; null while there is none. `isWanted` is false while somebody uses the other way. */
export function useQr(session: SessionView, isWanted: boolean) {
  const { api } = useSignedIn()
  const isLive = useLive()
  const isExpected = isWanted && session.status === 'awaiting_link'
  const isLate = useIsLate(session.id, isExpected)
  return useQuery({
    queryKey: keys.qr(session.id),
    queryFn: async () => {
      try {
        return await api.get<QrView>(`/sessions/${session.id}/qr`)
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) return null
        throw error
      }
    },
    // Told by events; asked for only when those are not there or seem to have lost one.
    enabled: isExpected && (!isLive || isLate),
    refetchInterval: pollUnless(false),
  })
}

/** Whether a code should have come by now: a rotation is told within moments of the old one's end. */
function useIsLate(sessionId: string, isExpected: boolean): boolean {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    if (!isExpected) return
    const expectedFrom = api.now()
    const timer = setInterval(() => {
      const shown = queries.getQueryData<QrView | null>(keys.qr(sessionId))
      const dueAt = Math.max(expectedFrom, shown ? Date.parse(shown.expiresAt) : 0)
      setLate(api.now() > dueAt + pollMs)
    }, 1000)
    return () => {
      clearInterval(timer)
      setLate(false)
    }
  }, [api, queries, sessionId, isExpected])
  return isLate
}

export function useMessages(locationId: string, filter: MessageFilter) {
  const { api } = useSignedIn()
  const isLive = useLive()
  return useInfiniteQuery({
    queryKey: [...keys.messages(locationId), filter],
    queryFn: ({ pageParam }) => {
      const query = pageQuery(pageParam)
      for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value as string)
      return api.get<Page<MessageView>>(`/locations/${encodeURIComponent(locationId)}/messages?${query}`)
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: pollUnless(isLive),
  })
}

export function usePairingCode(session: SessionView) {
  const { api } = useSignedIn()
  return useMutation({
    mutationFn: (phone: string) => api.send<PairingCodeView>('POST', `/sessions/${session.id}/pairing-code`, { phone }),
  })
}

function pageQuery(cursor: string | null): URLSearchParams {
  const query = new URLSearchParams({ limit: '50' })
  if (cursor) query.set('cursor', cursor)
  return query
}
