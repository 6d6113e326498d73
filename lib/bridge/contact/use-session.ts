import { and, eq, ne } from 'drizzle-orm'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import { channelKinds } from '@/lib/channel/kinds'
import { BridgeError } from '@/lib/errors'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { ContactId, LocationId, SessionId } from '@/lib/ids'
import { audit } from '../audit'
import type { Actor, BridgeContext } from '../context'
import { parsePhone } from '../message/phone'
import { reachSubAccount, requireAbility } from '../reach'
import { setAffinity } from './affinity'
import { lockPerson } from './lock-person'

export interface ContactSessionView {
  contactId: ContactId
  sessionId: SessionId | null
  /** Chosen by a person: what is written or heard does not move it. */
  locked: boolean
}

/** "Use this session": the contact's conversation stays on it, whatever is written or heard, until somebody frees it. */
export async function useSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { locationId: LocationId; contactId: ContactId; sessionId: SessionId },
): Promise<ContactSessionView> {
  await reachSubAccount(ctx.db, actor, input.locationId)
  requireAbility(actor, 'edit_sessions')
  const clues = await cluesOf(ctx, input)
  return await inTransaction(ctx.db, async (tx) => {
    const person = await lockPerson(tx, clues)
    const [session] = await tx
      .select({ id: sessions.id })
      .from(sessions)
      .where(
        and(
          eq(sessions.id, input.sessionId),
          eq(sessions.locationId, input.locationId),
          ne(sessions.wanted, 'removed'),
        ),
      )
      .for('key share')
    if (!session) throw new BridgeError('not_found', 'There is no such session. It may have been deleted.')
    await setAffinity(tx, person, { session: session.id, by: 'user', at: ctx.clock.now(), lock: true })
    await audit(tx, ctx, actor, {
      ...{ locationId: input.locationId, action: 'contact.session_chosen', subject: input.contactId },
      detail: { session: session.id },
    })
    return { contactId: input.contactId, sessionId: session.id, locked: true }
  })
}

/** The conversation moves again with what is written and heard; it begins where it is. */
export async function freeSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { locationId: LocationId; contactId: ContactId },
): Promise<ContactSessionView> {
  await reachSubAccount(ctx.db, actor, input.locationId)
  requireAbility(actor, 'edit_sessions')
  return await inTransaction(ctx.db, async (tx) => {
    const [person] = await tx
      .update(people)
      .set({ affinityLocked: false })
      .where(and(eq(people.locationId, input.locationId), eq(people.contactId, input.contactId)))
      .returning({ session: people.affinitySessionId })
    if (!person) throw new BridgeError('not_found', 'There is no such contact in this sub-account.')
    await audit(tx, ctx, actor, {
      ...{ locationId: input.locationId, action: 'contact.session_freed', subject: input.contactId },
    })
    return { contactId: input.contactId, sessionId: person.session, locked: false }
  })
}

/** Who the contact is: known here, or as the CRM has them. */
async function cluesOf(ctx: BridgeContext, input: { locationId: LocationId; contactId: ContactId }) {
  const { locationId, contactId } = input
  const nothing = { locationId, channel: 'whatsapp' as const, addresses: [], contactId, phone: null, name: null }
  const [known] = await ctx.db
    .select({ id: people.id })
    .from(people)
    .where(and(eq(people.locationId, locationId), eq(people.contactId, contactId)))
  if (known) return nothing
  try {
    const contact = await ctx.highlevel.forSubAccount(locationId).getContact(contactId)
    const phone = parsePhone(contact.phone)
    const address = phone && channelKinds.whatsapp.addressOfPhone(phone)
    return { ...nothing, addresses: address ? [address] : [], phone, name: contact.name }
  } catch (error) {
    if (!(error instanceof CrmError)) throw error
    if (error.kind === 'refused') throw new BridgeError('not_found', 'There is no such contact in this sub-account.')
    throw new BridgeError('unavailable', 'The CRM did not answer. Try again in a moment.', {
      retryAfterSeconds: 5,
      cause: error,
    })
  }
}
