'use client'

import { useQuery } from '@tanstack/react-query'
import type { Page } from '@/lib/bridge/paging'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import type { UserView } from '@/lib/bridge/sub-account/list-users'
import { keys } from '../cache'
import { pollUnless } from '../queries'
import { useLive } from '../live'
import { useSignedIn } from '../signed-in'
import { withEdits } from './edits'

export const locationPath = (locationId: string) => `/locations/${encodeURIComponent(locationId)}`

export function useSettings(locationId: string) {
  const { api } = useSignedIn()
  const isLive = useLive()
  return useQuery({
    queryKey: keys.settings(locationId),
    queryFn: async () => withEdits(locationId, await api.get<Settings>(`${locationPath(locationId)}/settings`)),
    refetchInterval: pollUnless(isLive, 10_000),
  })
}

export function useUsers(locationId: string) {
  const { api } = useSignedIn()
  return useQuery({
    queryKey: keys.users(locationId),
    queryFn: async () => (await api.get<Page<UserView>>(`${locationPath(locationId)}/users`)).items,
    staleTime: 30_000,
  })
}
