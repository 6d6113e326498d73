/** What is read from a phone as a whole, its contacts or its labels, because somebody asked for it. */
import type { BridgeContext } from '@/lib/bridge/context'
import { noteBookProblem, openBookRequest } from '@/lib/bridge/session/ask-for-book'
import { hearBookRead } from '@/lib/bridge/session/hear-book-read'
import { SendError, type Line, type OwnedSession } from '@/lib/channel/channel'
import type { Log } from '@/lib/log'
import { backoffMs } from '@/lib/outbox/backoff'

export type Book = 'contacts' | 'labels'

export interface Books {
  /** These are wanted, and no others; they are read as soon as the line is up and this is said again. */
  want(books: readonly Book[]): void
  /** All of one has been heard. */
  heard(what: Book): Promise<void>
}

export function createBooks({
  ctx,
  session,
  log,
  line,
}: {
  ctx: BridgeContext
  session: OwnedSession
  log: Log
  /** Null while it is not connected. */
  line(): Line | null
}): Books {
  let wanted = new Set<Book>()
  const reading = new Set<Book>()
  /** For which request each book is read. */
  const requests = new Map<Book, string>()

  /** Kept at for as long as somebody wants it: the phone may have to share a key first, or the line to come back. */
  async function read(what: Book): Promise<void> {
    reading.add(what)
    try {
      for (let attempt = 1; line() && wanted.has(what); attempt++) {
        try {
          const request = await openBookRequest(ctx, session.id, what)
          if (request !== null) {
            requests.set(what, request)
            await line()?.readBook(what)
          }
          // Asked for anew meanwhile, it is seen with the next look.
          wanted.delete(what)
        } catch (error) {
          if (!(error instanceof SendError)) log.warn({ err: error, event: what }, 'could not read from the phone')
          else if (line()) await noteBookProblem(ctx, session, what, error.message)
          await ctx.clock.sleep(backoffMs(attempt, { minMs: 1_000, maxMs: 60_000 }))
        }
      }
    } catch (error) {
      log.warn({ err: error, event: what }, 'could not note why a book was not read')
    } finally {
      reading.delete(what)
    }
  }

  return {
    want(books) {
      wanted = new Set(books)
      if (line()) for (const what of books) if (!reading.has(what)) void read(what)
    },
    heard: (what) => hearBookRead(ctx, session, what, requests.get(what) ?? ''),
  }
}
