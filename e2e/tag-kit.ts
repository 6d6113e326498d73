/** For tests of tags and labels: contacts, linked sessions with tags, and deliveries worked in this process. */
import { and, eq } from 'drizzle-orm'
import { createHash } from 'node:crypto'
import { chats, people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { pushTags } from '@/lib/bridge/contact/push-tags'
import { sendLabels } from '@/lib/bridge/labels/send-labels'
import { hearInbound } from '@/lib/bridge/message/hear-inbound'
import { pushInbound } from '@/lib/bridge/message/push-inbound'
import { pushReceived } from '@/lib/bridge/message/push-received'
import { acceptAppEvent } from '@/lib/bridge/sub-account/accept-app-event'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import type { Line, OwnedSession, Person } from '@/lib/channel/channel'
import { parseAppEvent } from '@/lib/highlevel/webhook'
import type { Address, LocationId, RemoteId, SessionId } from '@/lib/ids'
import { claimForAnyone, claimForSessions } from '@/lib/outbox/claim'
import { owner, type BridgeKit } from './bridge-kit'

export type Owned = OwnedSession & { channel: 'whatsapp' }

export const personOf = (phone: string): Person => {
  const address = `${phone.slice(1)}@s.whatsapp.net` as Address
  return { address, aliases: [address], phone, name: 'Ana' }
}

export function createTagKit(kit: BridgeKit) {
  const { ctx, crm } = kit
  const { db } = ctx
  let messageCount = 0

  /** A linked session of a business account, with a tag of its own. */
  async function session(locationId: LocationId, priority: number, more: Partial<typeof sessions.$inferInsert> = {}) {
    const owned = await kit.session(locationId, priority)
    const accountTag = `wa-account-line-${priority}`
    await db
      .update(sessions)
      .set({ accountTag, platform: 'business', ...more })
      .where(eq(sessions.id, owned.id))
    return owned
  }

  const set = (locationId: LocationId, settings: Partial<Settings>) =>
    db
      .update(subAccounts)
      .set({ settings: settings as Record<string, unknown> })
      .where(eq(subAccounts.id, locationId))

  const write = (owned: Owned, phone: string, more: { fromPhone?: boolean; at?: Date } = {}) =>
    hearInbound(ctx, owned, {
      type: 'message',
      id: `M${++messageCount}` as RemoteId,
      person: personOf(phone),
      fromPhone: more.fromPhone ?? false,
      content: { kind: 'text', text: 'hi' },
      at: more.at ?? new Date(),
    })

  type Lines = ReadonlyMap<SessionId, { owned: Owned; line: Line }>

  /** One round of what is due, for the CRM and on these lines; answers how many deliveries that were. */
  async function workOnce(lines: Lines = new Map(), limit = 1): Promise<number> {
    const claimed = await claimForAnyone(db, owner, { limit, holdMs: 60_000, except: [] })
    for (const delivery of claimed) {
      if (delivery.kind === 'tag') await pushTags(ctx, owner, delivery)
      else if (delivery.kind === 'push') await pushInbound(ctx, owner, delivery)
      else if (delivery.kind === 'received') await pushReceived(ctx, owner, delivery)
      else throw new Error(`nobody works ${delivery.kind} here`)
    }
    const asked = [...lines.values()].map(({ owned }) => ({ sessionId: owned.id, epoch: owned.epoch, limit }))
    const ofSessions = await claimForSessions(db, owner, asked)
    for (const delivery of ofSessions) {
      const { owned, line } = lines.get(delivery.sessionId!)!
      await sendLabels(ctx, owner, line, owned, delivery)
    }
    return claimed.length + ofSessions.length
  }

  async function work(lines?: Lines): Promise<void> {
    for (let idle = 0; idle < 2;) idle = (await workOnce(lines, 16)) === 0 ? idle + 1 : 0
  }

  /** The webhooks of contacts that came since, in the order given. */
  async function hear(order: (bodies: Buffer[]) => Buffer[] = (bodies) => bodies) {
    await crm.webhooksIdle()
    const bodies = kit.webhooks.splice(0)
    for (const body of order(bodies)) await accept(body)
    return bodies.length
  }

  async function accept(body: Buffer, key = createHash('sha256').update(body).digest('hex')) {
    const signed = parseAppEvent(body)
    if (signed) await acceptAppEvent(ctx, { key, signed })
  }

  const person = async (locationId: LocationId, phone: string) => {
    const [row] = await db
      .select()
      .from(people)
      .where(and(eq(people.locationId, locationId), eq(people.phone, phone)))
    return row!
  }

  const tagsInCrm = async (locationId: LocationId, phone: string) =>
    (await crm.contacts(locationId)).find((contact) => contact.phone === phone)!.tags

  const chat = async (owned: Owned, phone: string) => {
    const { id } = await person(owned.locationId, phone)
    const [row] = await db
      .select()
      .from(chats)
      .where(and(eq(chats.sessionId, owned.id), eq(chats.personId, id)))
    return row!
  }

  /** The app's own writes of tags, in order. */
  const writes = async (since = 0) =>
    (await crm.history(since, ['tags'])).filter((event) => (event as unknown as { by: string }).by === 'app')

  return { session, set, write, work, workOnce, hear, accept, person, tagsInCrm, chat, writes }
}

export type TagKit = ReturnType<typeof createTagKit>
