import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { whatsappInbox } from '@/db/schema/whatsapp'
import type { Line, SendError } from '@/lib/channel/channel'
import type { Address, RemoteId } from '@/lib/ids'
import { TestWorld, type TestSession } from './test-world'

/** One world for a test file, and what its tests do over and over. */
export function worldForTests() {
  const here = {} as { world: TestWorld }
  beforeAll(async () => {
    here.world = await TestWorld.start()
  })
  afterEach(() => here.world.phones.clearFaults())
  afterAll(() => here.world.stop())

  return {
    get world() {
      return here.world
    },

    async eventsOf(kind: string, fits: (event: Record<string, unknown>) => boolean = () => true) {
      return (await here.world.phones.history()).filter((event) => event.kind === kind && fits(event))
    },

    async started(more: Parameters<TestWorld['channel']>[0] = {}): Promise<{ session: TestSession; line: Line }> {
      const session = await here.world.session(here.world.channel(more))
      return { session, line: await session.linked() }
    },

    unheardOf: (session: TestSession) =>
      here.world.db
        .select({ id: whatsappInbox.id })
        .from(whatsappInbox)
        .where(sql`session_id = ${session.id} and heard_at is null`),
  }
}

export async function addressOf(line: Line, phone: string): Promise<Address> {
  return (await line.lookUp(phone))!.address
}

export async function sendText(session: TestSession, line: Line, to: Address, text: string): Promise<RemoteId> {
  const id = session.channel.kind.mintId!()
  const prepared = await line.prepare(to, { kind: 'text', text })
  session.ears.sent.set(id, prepared)
  await line.send(to, prepared, id)
  return id
}

export const failure = (sending: Promise<unknown>): Promise<SendError> =>
  sending.then(
    () => Promise.reject(new Error('it was sent')),
    (error: SendError) => error,
  )
