import { afterAll, beforeAll, expect, test } from 'vitest'
import { eq } from 'drizzle-orm'
import { sessions } from '@/db/schema/sessions'
import { owner, recordingLine, startBridgeKit, type BridgeKit, type RecordingLine } from '@/e2e/bridge-kit'
import { createPartWrites } from '@/lib/bridge/message/part-writes'
import type { Channel, Ears, OwnedSession, Pairing } from '@/lib/channel/channel'
import { channelKinds } from '@/lib/channel/kinds'
import { openSlot, type Slot, type Wishes } from './slot'

let kit: BridgeKit
beforeAll(async () => {
  kit = await startBridgeKit()
})
afterAll(() => kit.close())

const wishes: Wishes = {
  ...{ wanted: 'connected', wish: 1, isLinked: true, phone: null, codePhone: null, codeAskedAt: null },
  ...{ hungUpAt: null, books: [], firstLinkedAt: null, warmsUp: false, limits: [] },
}

/** A slot over lines that say only what a test has them say; `lines` are those opened, the newest last. */
async function open(): Promise<{
  slot: Slot
  session: OwnedSession
  lines: { line: RecordingLine; ears: Ears }[]
}> {
  const session = await kit.session(await kit.subAccount(), 1)
  const lines: { line: RecordingLine; ears: Ears }[] = []
  const channel: Channel = {
    kind: channelKinds.whatsapp,
    sweep: async () => {},
    open(_session, ears) {
      const line = recordingLine()
      lines.push({ line, ears })
      return line
    },
  }
  const world = {
    ...{ ctx: kit.ctx, owner, writes: createPartWrites(kit.ctx, owner), hearReceipt: async () => {} },
    ...{ pacing: 'off' as const, drainMs: 100, reach: async () => {}, wake: () => {}, ended: () => {} },
  }
  return { slot: openSlot(world, channel, session, async () => {}), session, lines }
}

const account = { phone: '+12025550111', aliases: [], name: null, platform: 'consumer' as const }

test('a session started anew takes nothing to send until its new line is open', async () => {
  const { slot, session, lines } = await open()
  const phone = session.phone
  slot.follow(wishes)
  await lines[0]!.ears.hear({ type: 'state', state: 'connected', account: { ...account, phone: phone! } })
  expect(slot.room()).toBeGreaterThan(0)
  slot.follow({ ...wishes, wish: 2 })
  expect(slot.room()).toBe(0)
  await lines[1]!.ears.hear({ type: 'state', state: 'connected', account: { ...account, phone: phone! } })
  expect(slot.room()).toBeGreaterThan(0)
  await slot.end('lost')
})

test('a pairing code that comes when the phone has scanned already changes nothing', async () => {
  const { slot, session, lines } = await open()
  slot.follow({ ...wishes, codePhone: '+12025550111', codeAskedAt: new Date() })
  const { line, ears } = lines[0]!
  let answer: (pairing: Pairing) => void = () => {}
  line.pairWithCode = () => new Promise((resolve) => (answer = resolve))
  const statusOf = async () => (await kit.ctx.db.select().from(sessions).where(eq(sessions.id, session.id)))[0]!.status
  await ears.hear({ type: 'state', state: 'awaiting_link' })
  await ears.hear({ type: 'state', state: 'linking' })
  expect(await statusOf()).toBe('linking')
  answer({ kind: 'code', text: 'ABCD1234', expiresAt: new Date(Date.now() + 60_000) })
  for (let look = 0; look < 300; look++) expect(await statusOf()).toBe('linking')
  await slot.end('lost')
})
