import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { messages, type MessageStatus } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions, type SessionStatus } from '@/db/schema/sessions'
import { opaqueId, orderedId, type ContactId, type MessageId, type PersonId, type SessionId } from '@/lib/ids'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'
import { listMessages } from './list'
import { readMessage } from './read'
import { sealBody, type Body } from './stored'

let world: TestWorld

beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())

async function addSession(at: SubAccountFixture, priority: number, status: SessionStatus): Promise<SessionId> {
  const id = opaqueId<SessionId>()
  const label = `Line ${priority}`
  await world.ctx.db
    .insert(sessions)
    .values({ id, locationId: at.id, channel: 'whatsapp', label, priority, wanted: 'connected', status })
  return id
}

async function addMessage(
  at: SubAccountFixture,
  given: { status: MessageStatus; body?: Body } & Partial<typeof messages.$inferInsert>,
): Promise<MessageId> {
  const id = orderedId<MessageId>()
  const { body = { kind: 'written', text: 'hello', attachments: [] }, ...row } = given
  const bodySealed = sealBody(await world.ctx.vault.forTenant(at.id), id, body)
  await world.ctx.db.insert(messages).values({
    id,
    locationId: at.id,
    direction: 'outbound',
    origin: 'crm',
    occurredAt: world.ctx.clock.now(),
    bodySealed,
    ...row,
  })
  return id
}

describe('the log', () => {
  it('shows what waits for a session that may come back as held, and says for whom', async () => {
    const bakery = await world.subAccount()
    const admin = bakery.person('location_admin')
    const up = await addSession(bakery, 1, 'connected')
    const away = await addSession(bakery, 2, 'reconnecting')
    const queued = await addMessage(bakery, { status: 'queued', sessionId: up })
    const held = await addMessage(bakery, { status: 'queued', sessionId: away })
    const unbound = await addMessage(bakery, { status: 'received', readBack: 'needed' })
    const list = (status?: 'held' | 'queued' | 'received') =>
      listMessages(world.ctx, admin, { locationId: bakery.id, limit: 10, status })
    expect((await list('held')).items).toMatchObject([
      { id: held, status: 'held', reason: 'Waiting while Line 2 reconnects.' },
    ])
    expect((await list('queued')).items.map(({ id }) => id)).toEqual([queued])
    expect((await list('received')).items).toMatchObject([{ id: unbound, reason: expect.stringContaining('CRM') }])
    expect((await list()).items.map(({ id }) => id)).toEqual([unbound, held, queued])
  })

  it('filters, and pages without losing or repeating one', async () => {
    const bakery = await world.subAccount()
    const admin = bakery.person('location_admin')
    const session = await addSession(bakery, 1, 'connected')
    const personId = orderedId<PersonId>()
    const contactId = 'contact-1' as ContactId
    await world.ctx.db.insert(people).values({ id: personId, locationId: bakery.id, contactId, name: 'Lucía' })
    const ids: MessageId[] = []
    for (let n = 0; n < 7; n++) ids.push(await addMessage(bakery, { status: 'read', sessionId: session }))
    const heard = await addMessage(bakery, {
      status: 'received',
      direction: 'inbound',
      origin: 'person',
      personId,
      body: { kind: 'heard', content: { kind: 'text', text: 'hi there' } },
    })
    const ask = (more: object) => listMessages(world.ctx, admin, { locationId: bakery.id, limit: 3, ...more })
    const seen: string[] = []
    let cursor: string | null | undefined
    do {
      const page = await ask({ sessionId: session, ...(cursor && { cursor }) })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor)
    expect(seen).toEqual(ids.toReversed())
    for (const filter of [{ direction: 'inbound' }, { contactId }])
      expect((await ask(filter)).items).toMatchObject([
        { id: heard, text: 'hi there', contact: { name: 'Lucía', id: contactId } },
      ])
    await expect(ask({ cursor: 'bm8' })).rejects.toMatchObject({ code: 'bad_request' })
  })

  it('is one sub-account’s own: others find neither the list nor the message', async () => {
    const bakery = await world.subAccount()
    const other = (await world.subAccount()).person('agency_admin')
    const id = await addMessage(bakery, { status: 'sent' })
    await expect(listMessages(world.ctx, other, { locationId: bakery.id, limit: 5 })).rejects.toMatchObject({
      code: 'not_found',
    })
    const unknown = await readMessage(world.ctx, other, orderedId<MessageId>()).catch((error: unknown) => error)
    expect(unknown).toMatchObject({ code: 'not_found' })
    await expect(readMessage(world.ctx, other, id)).rejects.toEqual(unknown)
    expect(await readMessage(world.ctx, bakery.person('location_admin'), id)).toMatchObject({ text: 'hello' })
  })

  it('shows a plain user the text and person of their own messages only', async () => {
    const bakery = await world.subAccount()
    const user = bakery.person('location_user')
    const personId = orderedId<PersonId>()
    await world.ctx.db.insert(people).values({ id: personId, locationId: bakery.id, name: 'Lucía', phone: '+34600' })
    const own = await addMessage(bakery, { status: 'sent', userId: user.userId, personId, toPhone: '+34600' })
    const others = await addMessage(bakery, { status: 'sent', personId, toPhone: '+34600' })
    expect(await readMessage(world.ctx, user, own)).toMatchObject({ text: 'hello', contact: { name: 'Lucía' } })
    const hidden = await readMessage(world.ctx, user, others)
    expect(hidden).toMatchObject({ text: null, to: null, contact: { name: null, phone: null }, status: 'sent' })
  })
})
