import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { inSteps } from '@/db/in-steps'
import type { Vault } from '@/db/vault'
import type { Channel, ReachFaultPoint } from '@/lib/channel/channel'
import { channelKinds } from '@/lib/channel/kinds'
import type { Clock } from '@/lib/clock'
import type { Log } from '@/lib/log'
import { createLine } from './line'
import { createCommit } from './steps'
import { productionTimings, type WhatsAppTimings } from './timings'

export interface WhatsAppOptions {
  db: Database
  vault: Vault
  log: Log
  clock: Clock
  /** Absent: WhatsApp itself. */
  webSocketUrl?: string
  /** The web version shown to WhatsApp; an operator changes it when WhatsApp retires the one Baileys brings. */
  version?: [number, number, number]
  timings?: WhatsAppTimings
  reach?: ReachFaultPoint
  /** Rules switched off for the control run of a fault test, which must then lose messages. */
  without?: { inbox?: boolean; keysFirst?: boolean }
}

/** WhatsApp, as a linked device. One per process: its lines share the commit of their keys. */
export function createWhatsAppChannel(options: WhatsAppOptions): Channel {
  const commit = createCommit(options.db)
  const { timings = productionTimings, reach = () => {} } = options
  return {
    kind: channelKinds.whatsapp,
    open: (session, ears) => createLine({ ...options, timings, reach, commit, session, ears }),
    async sweep() {
      const before = new Date(options.clock.now().getTime() - timings.keepHeardMs).toISOString()
      await inSteps((limit) =>
        options.db.execute(sql`
          delete from whatsapp_inbox where (session_id, id) in (
            select session_id, id from whatsapp_inbox where received_at < ${before} and heard_at < ${before}
            limit ${limit})`),
      )
    },
  }
}
