'use client'

import { useMutation, useMutationState, useQuery, useQueryClient } from '@tanstack/react-query'
import type { PriorityPreview } from '@/lib/bridge/session/preview-priority'
import type { SessionView } from '@/lib/bridge/session/session'
import { ApiError } from './api'
import { dropSession, keys, storeSession } from './cache'
import { useSignedIn } from './signed-in'

export type SessionVerb = 'link' | 'start' | 'stop' | 'restart' | 'logout' | 'replace-number'

export function useSessionVerb(session: SessionView) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (verb: SessionVerb) => api.send<SessionView>('POST', `/sessions/${session.id}/${verb}`),
    onSuccess: (changed) => storeSession(queries, changed),
    onError: () => queries.invalidateQueries({ queryKey: keys.sessions(session.locationId) }),
  })
}

export type SessionChange = Partial<
  Pick<
    SessionView,
    | 'label'
    | 'assignedUserId'
    | 'routesForUser'
    | 'givesNewContacts'
    | 'givesKnownContacts'
    | 'accountTag'
    | 'syncContacts'
    | 'syncLabels'
  >
>

const changeKey = (session: SessionView) => ['change-session', session.id]

/** Changes of one session are made one after another: of two of the same kind the last one counts. */
export function useChangeSession(session: SessionView) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  return useMutation({
    mutationKey: changeKey(session),
    scope: { id: changeKey(session).join(' ') },
    mutationFn: (change: SessionChange) => api.send<SessionView>('PATCH', `/sessions/${session.id}`, change),
    onSuccess: (changed) => storeSession(queries, changed),
  })
}

/** As it will be once the changes under way are saved. */
export function useChangedSession(session: SessionView): SessionView {
  const changes = useMutationState({
    filters: { mutationKey: changeKey(session), status: 'pending' },
    select: ({ state }) => state.variables as SessionChange,
  })
  return Object.assign({}, session, ...changes)
}

export function useRemove(session: SessionView) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ removeTags }: { removeTags: boolean }) =>
      api.send<void>('DELETE', `/sessions/${session.id}${removeTags ? '?removeTags=true' : ''}`),
    onSuccess: () => dropSession(queries, session.locationId, session.id),
  })
}

export function useAddSession(locationId: string) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (label: string) =>
      api.send<SessionView>('POST', `/locations/${encodeURIComponent(locationId)}/sessions`, { label }),
    onSuccess: (added) => storeSession(queries, added),
  })
}

/** What the codes would mean. Kept as it was read while somebody decides: what others change meanwhile must be noticed. */
export function usePriorityPreview(session: SessionView, to: number, round: number) {
  const { api } = useSignedIn()
  return useQuery({
    queryKey: ['priority', session.id, to, round],
    queryFn: () => api.get<PriorityPreview>(`/sessions/${session.id}/priority?to=${to}`),
    enabled: to !== session.priority,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}

export function useChangePriority(session: SessionView) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  const key = keys.sessions(session.locationId)
  return useMutation({
    mutationFn: (change: { priority: number; version: number }) =>
      api.send<{ version: number; items: SessionView[] }>('PUT', `/sessions/${session.id}/priority`, change),
    onSuccess: ({ items }) => queries.setQueryData(key, items),
    onError: () => queries.invalidateQueries({ queryKey: key }),
  })
}

/** Somebody else was faster: what is shown is no longer what was decided about. */
export const wasOvertaken = (error: unknown): boolean => error instanceof ApiError && error.code === 'changed'
