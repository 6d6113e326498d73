import { afterAll, beforeAll, expect, it } from 'vitest'
import { messages } from '@/db/schema/messages'
import { sealBody } from '@/lib/bridge/message/stored'
import { listMessages } from '@/lib/bridge/message/list'
import { previewRouting } from '@/lib/bridge/message/preview-routing'
import { changeSession } from '@/lib/bridge/session/change'
import { previewPriority } from '@/lib/bridge/session/preview-priority'
import { reprioritise } from '@/lib/bridge/session/reprioritise'
import { changeSettings } from '@/lib/bridge/sub-account/change-settings'
import { readSettings } from '@/lib/bridge/sub-account/read-settings'
import { createSession } from '@/lib/bridge/session/create'
import { listSessions } from '@/lib/bridge/session/list'
import { listSubAccounts } from '@/lib/bridge/sub-account/list'
import { readOverview } from '@/lib/bridge/sub-account/overview'
import { readMe } from '@/lib/bridge/sub-account/read-me'
import { createTestWorld, type TestWorld } from '@/lib/bridge/test-world'
import { orderedId, type MessageId, type SessionId } from '@/lib/ids'
import { operations } from '../operations'

let world: TestWorld

beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())

// The compiler compares the shapes; this compares what is in them, such as times and unknown keys.
it('what the verbs answer is what the schemas promise', async () => {
  const bakery = await world.subAccount()
  const admin = bakery.person('location_admin')
  const given = { locationId: bakery.id, limit: 10 }
  const session = await createSession(world.ctx, admin, { locationId: bakery.id, label: 'Sales', channel: 'whatsapp' })
  const id = orderedId<MessageId>()
  const sessionId = session.id as SessionId
  await world.ctx.db.insert(messages).values({
    id,
    locationId: bakery.id,
    direction: 'outbound',
    origin: 'api',
    status: 'failed',
    sessionId,
    failureCode: 'dnd',
    failureMessage: 'Not sent: the contact does not want to be disturbed.',
    trace: {
      ...{ rule: 1, session: sessionId, priority: 1, skipped: [], code: null, warnings: [] },
      ...{ holdMs: null, fallbackFrom: null, text: 'Chosen.' },
    },
    occurredAt: world.ctx.clock.now(),
    bodySealed: sealBody(await world.ctx.vault.forTenant(bakery.id), id, {
      kind: 'written',
      text: 'hello',
      attachments: ['https://files.example/a.png'],
    }),
  })
  const when = { countries: ['ES'], tags: ['vip'], senders: [], owners: [], written: 'any' as const }
  const rule = { id: 'r1', session: sessionId, appliesTo: 'new' as const, when }
  const answers: [keyof typeof operations, unknown][] = [
    ['createSession', session],
    ['listSessions', await listSessions(world.ctx, admin, given)],
    ['listMessages', await listMessages(world.ctx, admin, given)],
    ['listLocations', await listSubAccounts(world.ctx, admin, given)],
    ['readOverview', await readOverview(world.ctx, admin, bakery.id)],
    ['readMe', readMe(admin)],
    ['readSettings', await readSettings(world.ctx, admin, bakery.id)],
    ['changeSettings', await changeSettings(world.ctx, admin, { locationId: bakery.id, change: { rules: [rule] } })],
    ['previewPriority', await previewPriority(world.ctx, admin, { sessionId, to: 3 })],
    ['changePriority', await reprioritise(world.ctx, admin, { sessionId, priority: 3 })],
    [
      'previewRouting',
      await previewRouting(world.ctx, admin, { locationId: bakery.id, phone: '+34600100100', text: '#WH3 hello' }),
    ],
    ['patchSession', await changeSession(world.ctx, admin, { sessionId, change: { routesForUser: false } })],
  ]
  for (const [name, answer] of answers)
    expect([name, operations[name].answer?.safeParse(answer)]).toMatchObject([name, { success: true, data: answer }])
  const { items } = await listMessages(world.ctx, admin, given)
  expect(items).toMatchObject([{ status: 'failed', failure: { code: 'dnd' }, attachmentCount: 1, text: 'hello' }])
})
