import { sql } from 'drizzle-orm'
import { SendError, type Line, type ReachFaultPoint } from '@/lib/channel/channel'
import type { Address, ChatId, LocationId, MessageId, PartId, PersonId, RemoteId, SessionId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import type { Settlement } from '@/lib/outbox/settle'
import { backoffMs } from '@/lib/outbox/backoff'
import type { PartState } from '@/db/schema/messages'
import type { BridgeContext } from '../context'
import { checkReachable } from './check-reachable'
import type { Failure } from './message'
import type { PartEnd, PartWrites } from './part-writes'
import { openContent, openPrepared, sealPrepared } from './stored'

export interface LoadedPart extends Record<string, unknown> {
  id: PartId
  message_id: MessageId
  location_id: LocationId
  session_id: SessionId
  chat_id: ChatId
  person_id: PersonId
  remote_id: RemoteId
  content_sealed: Buffer
  prepared_sealed: Buffer | null
  state: PartState
  attempts: number
  address: Address
  reachable: boolean | null
  checked_at: string | null
  phone: string | null
  /** Whether a person wrote it: those are not held back by pacing. */
  manual: boolean
  last_wrote_at: string | null
  /** When we first wrote to somebody who had never written. */
  opened_at: string | null
  /** The contact's conversation moves to the session their code named. */
  repins: boolean
}

/** The parts a batch of claimed deliveries is about, with what sending them needs. */
export async function loadParts(ctx: BridgeContext, ids: readonly string[]): Promise<Map<string, LoadedPart>> {
  const rows = await ctx.db.execute<LoadedPart>(sql`
    select p.id, p.message_id, p.location_id, p.session_id, p.chat_id, c.person_id, p.remote_id, p.content_sealed,
      p.prepared_sealed, p.state, p.attempts, c.address, c.reachable, c.checked_at, who.phone, m.user_id is not null as manual,
      who.last_wrote_at, c.opened_at,
      m.trace->>'rule' = '2' and (
        select a.settings->'codeRepins' = 'true'::jsonb from sub_accounts a where a.id = p.location_id) is true as repins
    from parts p join chats c on c.id = p.chat_id join people who on who.id = c.person_id join messages m on m.id = p.message_id
    where p.id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))`)
  return new Map(rows.map((row) => [row.id, row]))
}

export type SendOutcome = 'sent' | 'failed' | 'retry' | 'unknown' | 'moved'

/**
 * Takes one part across: prepares its bytes once, records that it is on its way, sends, records how that ended. The record of
 * `sending` is committed before the frame leaves, so whoever finds it later knows the part may have arrived and sends the same
 * bytes under the same id before anything else in its chat. Throws LostOwnership when another worker owns the session.
 */
export async function sendPart(
  ctx: BridgeContext,
  line: Line,
  writes: PartWrites,
  work: { delivery: ClaimedDelivery; part: LoadedPart; epoch: number },
  reach: ReachFaultPoint,
): Promise<SendOutcome> {
  const { delivery, part } = work
  const settle = (settlement: Settlement, state: PartEnd['state'], failure: Failure | null = null) =>
    writes.settle({ delivery, settlement, part, epoch: work.epoch, state, failure })

  // A receipt may have come for what nobody knew the end of.
  if (part.state !== 'queued' && part.state !== 'sending') {
    await settle({ outcome: 'done' }, null)
    return 'sent'
  }
  try {
    const target = await checkReachable(ctx, line, part, work.epoch)
    if (target.outcome === 'moved') {
      await settle({ outcome: 'retry', afterMs: 0, why: 'chat joined with another' }, null)
      return 'moved'
    }
    if (target.outcome === 'unreachable') {
      await settle({ outcome: 'given_up', why: target.failure.code }, 'failed', target.failure)
      return 'failed'
    }
    const vault = await ctx.vault.forTenant(part.location_id)
    const prepared = part.prepared_sealed
      ? openPrepared(vault, part.id, part.prepared_sealed)
      : await line.prepare(target.address, openContent(vault, part.id, part.content_sealed))
    const isMarked = await writes.markSending({
      id: part.id,
      sessionId: part.session_id,
      epoch: work.epoch,
      prepared: part.prepared_sealed ? null : sealPrepared(vault, part.id, prepared),
    })
    // Failed meanwhile, by whoever put the session to rest. What is in doubt goes again all the same.
    if (!isMarked && part.state === 'queued') {
      await settle({ outcome: 'done' }, null)
      return 'failed'
    }
    await line.send(target.address, prepared, part.remote_id)
    await reach('after_ack')
    await settle({ outcome: 'done' }, 'accepted')
    return 'sent'
  } catch (error) {
    if (!(error instanceof SendError)) throw error
    if (error.fate === 'unknown') {
      await settle({ outcome: 'unknown', afterMs: 0, why: error.message }, null)
      return 'unknown'
    }
    if (error.final) {
      await settle({ outcome: 'given_up', why: error.code }, 'failed', failureOf(error))
      return 'failed'
    }
    const afterMs = backoffMs(delivery.attempts, { minMs: 500, maxMs: 60_000 })
    // A part that may have arrived in an earlier attempt stays in doubt, whatever became of this one.
    const isInDoubt = part.state !== 'queued'
    await settle({ outcome: isInDoubt ? 'unknown' : 'retry', afterMs, why: error.message }, isInDoubt ? null : 'queued')
    return 'retry'
  }
}

function failureOf(error: SendError): Failure {
  const sentences: Record<SendError['code'], string> = {
    not_on_whatsapp: 'Not sent: this number is not on WhatsApp. Check the number of the contact.',
    invalid_number: 'Not sent: this is not a phone number WhatsApp can reach. Check the number of the contact.',
    rejected_by_whatsapp:
      'Not sent: WhatsApp refused the message. Write to this contact from the phone, or try again later.',
    rate_capped: 'Not sent: WhatsApp lets this number start no more new conversations for now. Try again later.',
    unsupported: 'Not sent: this kind of message cannot be sent on WhatsApp from here.',
    internal: 'Not sent: something went wrong on our side. Try again; if it happens again, tell support.',
  }
  return { code: error.code, message: sentences[error.code] }
}
