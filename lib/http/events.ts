import type { Change } from '@/db/notify'
import { listAlerts } from '@/lib/bridge/alert/list'
import type { Actor, BridgeContext } from '@/lib/bridge/context'
import { readEntitlement } from '@/lib/bridge/entitlement/read'
import { readContactSync } from '@/lib/bridge/contact-sync/read'
import { readLabelSync } from '@/lib/bridge/labels/read'
import { readMessage } from '@/lib/bridge/message/read'
import { readQr } from '@/lib/bridge/session/read-pairing'
import { reachSubAccount } from '@/lib/bridge/reach'
import { readSession } from '@/lib/bridge/session/read'
import { listSessions } from '@/lib/bridge/session/list'
import { BridgeError } from '@/lib/errors'
import type { LocationId, MessageId, SessionId } from '@/lib/ids'
import type { Changes } from './changes'

export interface Watching {
  ctx: BridgeContext
  actor: Actor
  locationId: LocationId
  changes: Changes
  /** When the token ends, the stream does. */
  endsAt: Date
  signal: AbortSignal
  /** Keeps the stream until its end; returns how to let go of it. */
  register(close: () => void): () => void
}

export const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

const commentEveryMs = 15_000
/** Changes of one moment are read once. */
const gatherMs = 60
/** Events kept for a reader that takes none; one that comes back is told the state anew. */
const mostUnread = 1_000

/**
 * What happens in one sub-account, as server-sent events. Notifications are hints: each makes us read the state as this
 * actor may see it, and a fresh stream starts with the state itself.
 */
export function streamEvents(watching: Watching): Response {
  const { ctx, actor, locationId, changes, signal } = watching
  let finish = () => {}
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder()
      const write = (text: string) => controller.enqueue(encoder.encode(text))
      const pending = new Map<string, Change>()
      let mustReadAll = true
      let isReading = false
      let isOver = false

      finish = () => {
        if (isOver) return
        isOver = true
        stopWatching()
        letGo()
        clearInterval(comments)
        clearTimeout(end)
        signal.removeEventListener('abort', finish)
        try {
          controller.close()
        } catch {
          // Already cancelled by the reader.
        }
      }

      const tell = (event: Change['type'], data: unknown) => {
        if (isOver) return
        if ((controller.desiredSize ?? 0) < -mostUnread) return finish()
        write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
      }

      async function drain() {
        if (isReading || isOver) return
        isReading = true
        try {
          do {
            // An uninstall or a changed agency ends what its people are told.
            await reachSubAccount(ctx.db, actor, locationId)
            if (mustReadAll) {
              mustReadAll = false
              const { items } = await listSessions(ctx, actor, { locationId, limit: 100 })
              for (const session of items) {
                tell('session', session)
                if (session.syncContacts) await tellSync(`contacts:${session.id}`)
                if (session.syncLabels) await tellSync(`labels:${session.id}`)
                if (session.status === 'awaiting_link') await tellOf({ locationId, type: 'qr', id: session.id })
              }
              tell('sync', { locationId })
            }
            const batch = [...pending.values()]
            pending.clear()
            for (const change of batch) await tellOf(change)
            if (!isOver) await ctx.clock.sleep(gatherMs, signal)
          } while (!isOver && (mustReadAll || pending.size > 0))
        } catch (error) {
          // The reader comes back and is answered by the route: no access, or a database that is down.
          if (!(error instanceof BridgeError)) ctx.log.warn({ locationId, err: error }, 'event stream ended')
          finish()
        } finally {
          isReading = false
        }
      }

      async function tellSync(id: string): Promise<void> {
        const [kind, sessionId] = id.split(':')
        if (kind === 'contacts' && sessionId)
          tell('sync', { kind, sessionId, ...(await readContactSync(ctx, actor, sessionId as SessionId)) })
        else if (kind === 'labels')
          tell('sync', { kind, sessionId, ...(await readLabelSync(ctx, actor, sessionId as SessionId)) })
        else tell('sync', { locationId })
      }

      async function tellOf({ type, id }: Change): Promise<void> {
        try {
          if (type === 'session') tell(type, await readSession(ctx, actor, id as SessionId))
          else if (type === 'qr') tell(type, await readQr(ctx, actor, id as SessionId))
          else if (type === 'message') tell(type, await readMessage(ctx, actor, id as MessageId))
          else if (type === 'alert') tell(type, await listAlerts(ctx, actor, locationId))
          else if (type === 'entitlement') tell(type, await readEntitlement(ctx, actor, locationId))
          else await tellSync(id)
        } catch (error) {
          if (!(error instanceof BridgeError)) throw error
          // A session that is gone is told as its GET would answer, with its id to know it by.
          if (type === 'session') tell(type, { id, error: { code: error.code, message: error.message } })
        }
      }

      const letGo = watching.register(() => finish())
      const stopWatching = changes.watch(locationId, (change) => {
        if (change === null) mustReadAll = true
        else pending.set(`${change.type} ${change.id}`, change)
        void drain()
      })
      const comments = setInterval(() => {
        write(': still here\n\n')
        void drain()
      }, commentEveryMs)
      const end = setTimeout(() => finish(), Math.max(0, watching.endsAt.getTime() - ctx.clock.now().getTime()))
      signal.addEventListener('abort', finish)
      if (signal.aborted) return finish()
      write(': welcome\n\n')
      void drain()
    },
    cancel() {
      finish()
    },
  })
  return new Response(stream, { headers: streamHeaders })
}
