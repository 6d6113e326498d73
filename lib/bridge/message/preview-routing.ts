import { and, eq } from 'drizzle-orm'
import type { RoutingTrace } from '@/db/schema/messages'
import { people, personAddresses } from '@/db/schema/people'
import { channelKinds } from '@/lib/channel/kinds'
import { BridgeError } from '@/lib/errors'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { ContactId, LocationId, SessionId, UserId } from '@/lib/ids'
import type { PersonRow } from '../contact/lock-person'
import type { Actor, BridgeContext } from '../context'
import { reachSubAccount, requireAbility } from '../reach'
import { contentFailure, noNumber, personFailure } from './check-content'
import type { Failure } from './message'
import { parsePhone } from './phone'
import { answerRouting, nobody } from './routing-facts'

export interface RoutingQuestion {
  locationId: LocationId
  contactId?: ContactId | undefined
  phone?: string | undefined
  /** The sender; null or absent: automated. */
  userId?: UserId | null | undefined
  text: string
  sessionId?: SessionId | undefined
}

export interface RoutingAnswer {
  session: { id: SessionId; label: string; priority: number; phone: string | null } | null
  trace: RoutingTrace
  failure: Failure | null
  /** What would be delivered. */
  body: string
}

/** Which session would send a message, and why: decided by the same rules from the same facts. Sends nothing, writes nothing. */
export async function previewRouting(ctx: BridgeContext, actor: Actor, input: RoutingQuestion): Promise<RoutingAnswer> {
  const { locationId } = input
  await reachSubAccount(ctx.db, actor, locationId)
  requireAbility(actor, 'edit_sessions')
  const known = await findPerson(ctx, input)
  const told = known?.row?.tags ? null : await askCrm(ctx, locationId, input.contactId ?? known?.row?.contactId ?? null)
  const phone = known?.row?.phone ?? known?.phone ?? parsePhone(told?.phone ?? null)
  const person = { ...nobody, ...known?.row, phone, dnd: told?.dnd ?? known?.row?.dnd ?? null }
  const remembered = person.tags === null ? null : { tags: person.tags, owner: person.ownerUserId }
  const { choice, parsed } = await answerRouting(
    ctx.db,
    ctx.clock.now(),
    person,
    {
      ...{ locationId, text: input.text, explicit: input.sessionId, userId: input.userId ?? null },
      // Of somebody the CRM does not know either, there is nothing to know.
      contact: remembered ?? { tags: told?.tags ?? [], owner: told?.assignedTo ?? null },
    },
    { lock: false },
  )
  if (!choice.trace) throw new Error('everything there is to know of the contact was given')
  const failure =
    choice.failure ??
    contentFailure({ attachments: [] }, parsed.text) ??
    personFailure(person) ??
    (phone === null ? noNumber : null)
  const session = choice.session
  return {
    session: session && { id: session.id, label: session.label, priority: session.priority, phone: session.phone },
    trace: choice.trace,
    failure,
    body: parsed.text,
  }
}

interface Known {
  row: PersonRow | null
  phone: string | null
}

/** Whoever we know as this contact or under this number. */
async function findPerson(ctx: BridgeContext, { locationId, contactId, phone }: RoutingQuestion): Promise<Known> {
  if (contactId !== undefined) {
    const [row] = await ctx.db
      .select()
      .from(people)
      .where(and(eq(people.locationId, locationId), eq(people.contactId, contactId)))
    return { row: row ?? null, phone: null }
  }
  const parsed = parsePhone(phone ?? null)
  const address = parsed && channelKinds.whatsapp.addressOfPhone(parsed)
  if (!parsed || !address)
    throw new BridgeError('bad_request', 'The number is not a phone number.', {
      fields: { phone: 'Give a phone number with its country code, such as +15550100001.' },
    })
  const [row] = await ctx.db
    .select({ person: people })
    .from(personAddresses)
    .innerJoin(people, eq(people.id, personAddresses.personId))
    .where(
      and(
        eq(personAddresses.locationId, locationId),
        eq(personAddresses.channel, 'whatsapp'),
        eq(personAddresses.address, address),
      ),
    )
  return { row: row?.person ?? null, phone: parsed }
}

async function askCrm(ctx: BridgeContext, locationId: LocationId, contactId: ContactId | null) {
  if (contactId === null) return null
  try {
    return await ctx.highlevel.forSubAccount(locationId).getContact(contactId)
  } catch (error) {
    if (!(error instanceof CrmError)) throw error
    if (error.kind === 'refused') throw new BridgeError('not_found', 'There is no such contact in this sub-account.')
    throw new BridgeError('unavailable', 'The CRM did not answer. Try again in a moment.', {
      retryAfterSeconds: Math.ceil((error.retryAfterMs ?? 5_000) / 1000),
      cause: error,
    })
  }
}
