'use client'

import { useNow } from 'use-intl'
import { useSignedIn } from './signed-in'

/** The server's time, looked at each minute: this machine's clock may be wrong. */
export function useServerNow(): Date {
  const { api } = useSignedIn()
  useNow({ updateInterval: 60_000 })
  return new Date(api.now())
}
