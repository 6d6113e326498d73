'use client'

import { useEffect, useState } from 'react'
import { useSignedIn } from './signed-in'

/** Whole seconds until then by the server's clock, never below 0. */
export function useCountdown(until: string): number {
  const { api } = useSignedIn()
  const [seconds, setSeconds] = useState(() => secondsLeft(until, api.now()))

  useEffect(() => {
    const tick = () => setSeconds(secondsLeft(until, api.now()))
    tick()
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [api, until])

  return seconds
}

const secondsLeft = (until: string, now: number) => Math.max(0, Math.round((Date.parse(until) - now) / 1000))
