'use client'

import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { MessageView } from '@/lib/bridge/message/view'
import type { QrView } from '@/lib/bridge/session/pairing'
import type { SessionView } from '@/lib/bridge/session/session'
import { ApiError } from './api'
import { dropSession, keys, storeMessage, storeQr, storeSession } from './cache'
import { readEventStream } from './event-stream'
import { useSignedIn } from './signed-in'

const LiveContext = createContext({ isLive: false, isCutOff: false })

/** Whether what happens is told to this page; while not, queries ask for themselves. */
export const useLive = () => useContext(LiveContext).isLive

/** Whether the server does not answer: what the page shows may have changed. */
export const useIsCutOff = () => useContext(LiveContext).isCutOff

const retryMs = [500, 1000, 2000, 5000, 10_000]
/** A stream is silent for 15 s at most. */
const silenceMs = 40_000
/** A web process that is replaced is away for a moment, and nobody need know. */
const failuresUntilSaid = 2

/** So long, or until the browser has a network again. */
const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      window.removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    window.addEventListener('online', done)
  })

/** Keeps the pages of one sub-account up to date by server-sent events. */
export function Live({ locationId, children }: { locationId: string; children: ReactNode }) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  const [isLive, setLive] = useState(false)
  const [isCutOff, setCutOff] = useState(false)

  useEffect(() => {
    const stop = new AbortController()
    const follow = async () => {
      for (let failures = 0; !stop.signal.aborted;) {
        const silence = new AbortController()
        const hangUp = () => silence.abort()
        let alarm = setTimeout(hangUp, silenceMs)
        // A stream can seem open long after the network has gone.
        window.addEventListener('offline', hangUp)
        try {
          const path = `/locations/${encodeURIComponent(locationId)}/events`
          const response = await api.open(path, AbortSignal.any([stop.signal, silence.signal]))
          failures = 0
          setLive(true)
          setCutOff(false)
          await readEventStream(response, (event, data) => {
            clearTimeout(alarm)
            alarm = setTimeout(hangUp, silenceMs)
            if (event !== null) take(queries, locationId, event, data)
          })
        } catch (error) {
          failures += 1
          // Nothing to come back for: the page's own queries show why.
          if (error instanceof ApiError && error.status >= 400 && error.status < 500 && failures > 3) break
        } finally {
          clearTimeout(alarm)
          window.removeEventListener('offline', hangUp)
        }
        if (stop.signal.aborted) return
        setLive(false)
        setCutOff(failures >= failuresUntilSaid)
        const waitMs = retryMs[Math.min(failures, retryMs.length - 1)]!
        await pause(waitMs * (0.7 + Math.random() * 0.6))
      }
      setLive(false)
    }
    void follow()
    return () => stop.abort()
  }, [api, queries, locationId])

  const value = useMemo(() => ({ isLive, isCutOff }), [isLive, isCutOff])
  return <LiveContext value={value}>{children}</LiveContext>
}

function take(queries: QueryClient, locationId: string, event: string, data: unknown): void {
  // Our own server's words, in the shapes of the GETs they repeat.
  if (event === 'session') {
    const session = data as SessionView | { id: string; error: object }
    if ('error' in session) dropSession(queries, locationId, session.id)
    else storeSession(queries, session)
    // Messages show whether they wait for a session.
    void queries.invalidateQueries({ queryKey: keys.messages(locationId) })
  } else if (event === 'qr') {
    storeQr(queries, data as QrView)
  } else if (event === 'message') {
    if (!storeMessage(queries, data as MessageView))
      void queries.invalidateQueries({ queryKey: keys.messages(locationId) })
  } else if (event === 'sync') {
    const sync = data as { kind?: 'contacts' | 'labels'; sessionId?: string }
    // How far a sync is, told by itself; anything else may have changed much.
    if (sync.kind && sync.sessionId) queries.setQueryData(keys.sync(sync.kind, sync.sessionId), sync)
    else
      for (const queryKey of [keys.sessions, keys.messages, keys.settings, keys.alerts, keys.entitlement])
        void queries.invalidateQueries({ queryKey: queryKey(locationId) })
  } else if (event === 'alert') {
    void queries.invalidateQueries({ queryKey: keys.alerts(locationId) })
  } else if (event === 'entitlement') {
    void queries.invalidateQueries({ queryKey: keys.entitlement(locationId) })
  }
}
