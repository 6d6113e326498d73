'use client'

import { useEffect, useState } from 'react'
import type { SessionView } from '@/lib/bridge/session/session'

/** A connection that drops and comes back within this was never worth a word. */
const graceMs = 4_000

/** The session as it is to be shown: still connected for the first moments of a reconnection. */
export function useSettled(session: SessionView): SessionView {
  const [before, setBefore] = useState(session)
  const [hasLasted, setLasted] = useState(false)
  const isReconnecting = session.status === 'reconnecting'
  if (!isReconnecting && before !== session) {
    setBefore(session)
    setLasted(false)
  }
  useEffect(() => {
    if (!isReconnecting) return
    // From when it is seen: its own `since` begins anew with every new reason.
    const timer = setTimeout(() => setLasted(true), graceMs)
    return () => clearTimeout(timer)
  }, [isReconnecting])
  if (!isReconnecting || hasLasted || before.status !== 'connected') return session
  const { status, reason, detail, since, action } = before
  return { ...session, status, reason, detail, since, action }
}
