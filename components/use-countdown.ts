'use client'

import { useEffect, useState } from 'react'
import { useSignedIn } from './signed-in'

/** Whole seconds until then by the server's clock, never below 0. */
export function useCountdown(until: string): number {
  const { api } = useSignedIn()
  const left = () => Math.max(0, Math.ceil((Date.parse(until) - api.now()) / 1000))
  const [seconds, setSeconds] = useState(left)

  useEffect(() => {
    const tick = () => setSeconds(Math.max(0, Math.ceil((Date.parse(until) - api.now()) / 1000)))
    tick()
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [api, until])

  return seconds
}
