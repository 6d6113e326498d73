'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ContactSyncView } from '@/lib/bridge/contact-sync/contact-sync'
import type { LabelSyncView } from '@/lib/bridge/labels/label-sync'
import type { SessionView } from '@/lib/bridge/session/session'
import { keys, storeSession } from './cache'
import { useLive } from './live'
import { pollUnless } from './queries'
import { useSignedIn } from './signed-in'

export interface SyncViews {
  contacts: ContactSyncView
  labels: LabelSyncView
}
export type SyncKind = keyof SyncViews

const paths = { contacts: 'contact-sync', labels: 'label-sync' }

const isPassing = (view: { state: string } | undefined) =>
  view !== undefined && ['reading', 'running', 'waiting'].includes(view.state)

/** How a sync stands: told by events, asked for where those are not there. */
export function useSync<Kind extends SyncKind>(kind: Kind, session: SessionView, isWanted: boolean) {
  const { api } = useSignedIn()
  const isLive = useLive()
  return useQuery<SyncViews[Kind]>({
    queryKey: keys.sync(kind, session.id),
    queryFn: () => api.get<SyncViews[Kind]>(`/sessions/${session.id}/${paths[kind]}`),
    enabled: isWanted,
    // An answer may come later than the event that made it old: what does not stay as it is is looked at again.
    refetchInterval: ({ state }) => pollUnless(isLive && !isPassing(state.data), 2_000)({ state }),
  })
}

/** Reads what the phone has and counts; writes nothing. */
export function usePreview<Kind extends SyncKind>(kind: Kind, session: SessionView) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => api.send<SyncViews[Kind]>('POST', `/sessions/${session.id}/${paths[kind]}/preview`),
    onSuccess: (view) => {
      queries.setQueryData(keys.sync(kind, session.id), view)
      return queries.invalidateQueries({ queryKey: keys.sync(kind, session.id) })
    },
  })
}

export function useSwitch(kind: SyncKind, session: SessionView) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: Partial<Pick<SessionView, 'syncContacts' | 'syncLabels' | 'pushTags'>>) =>
      api.send<SessionView>('PATCH', `/sessions/${session.id}`, change),
    onSuccess: async (changed) => {
      storeSession(queries, changed)
      await queries.invalidateQueries({ queryKey: keys.sync(kind, session.id) })
    },
  })
}
