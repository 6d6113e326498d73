import { EventEmitter } from 'node:events'
import { z } from 'zod'
import { openListener } from '@/db/client'
import { changeChannel, type Change } from '@/db/notify'
import type { LocationId } from '@/lib/ids'

const change = z.object({
  locationId: z.string(),
  type: z.enum(['session', 'qr', 'message', 'sync', 'alert', 'entitlement']),
  id: z.string(),
})

export interface Changes {
  /** `heard` gets null when something may have been missed: look at everything again. Returns how to stop. */
  watch(locationId: LocationId, heard: (change: Change | null) => void): () => void
}

const everyone = 'missed'

/** One listening connection for the whole process, however many pages are open. */
export async function listenForChanges(databaseUrl: string): Promise<Changes> {
  const emitter = new EventEmitter().setMaxListeners(0)
  const listener = openListener(databaseUrl)
  await listener.listen(changeChannel, (payload) => {
    const parsed = payload === null ? null : parseChange(payload)
    if (parsed) emitter.emit(`of ${parsed.locationId}`, parsed)
    else emitter.emit(everyone, null)
  })
  return {
    watch(locationId, heard) {
      emitter.on(`of ${locationId}`, heard)
      emitter.on(everyone, heard)
      return () => {
        emitter.off(`of ${locationId}`, heard)
        emitter.off(everyone, heard)
      }
    },
  }
}

function parseChange(payload: string): Change | null {
  try {
    // The ids come from our own rows.
    return change.parse(JSON.parse(payload)) as Change
  } catch {
    return null
  }
}
