/** For tests of verbs: a real database, the emulated CRM in this process, a sub-account installed by OAuth, a recording line. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { leases, sessions, type SessionStatus } from '@/db/schema/sessions'
import { createTestDatabase } from '@/db/test-database'
import { createVault } from '@/db/vault'
import type { BridgeContext } from '@/lib/bridge/context'
import type { ConnectContext } from '@/lib/bridge/sub-account/connect-context'
import { grantedByOperators } from '@/lib/bridge/entitlement/entitlements'
import { connectCrm } from '@/lib/bridge/sub-account/connect-crm'
import { install } from '@/lib/bridge/sub-account/install'
import type { Content, LabelChange, Line, OwnedSession, Person, Prepared, SendError } from '@/lib/channel/channel'
import { systemClock } from '@/lib/clock'
import { opaqueId, type Address, type LocationId, type RemoteId, type SessionId } from '@/lib/ids'
import { silentLog } from '@/lib/log'
import { createMark } from '@/lib/seal'
import { connectCrm as holdCrm, type CrmClient } from './emulators/highlevel/client'
import { startHighLevelEmulator, type HighLevelEmulator } from './emulators/highlevel/server'
import { refuseViolations } from './violations'

export interface BridgeKit {
  ctx: ConnectContext & BridgeContext
  crm: CrmClient
  emulator: HighLevelEmulator
  database: DatabaseClient
  databaseUrl: string
  /** What a worker process of the product needs to work on the same database and CRM. */
  env: NodeJS.ProcessEnv
  /** What the CRM has posted to the app so far, as it came; nothing is done with it unless a test does. */
  webhooks: Buffer[]
  /** A sub-account of its own for one test, installed as a person would. */
  subAccount(): Promise<LocationId>
  /** A linked session, owned under epoch 1 by `owner`. */
  session(
    locationId: LocationId,
    priority: number,
    status?: SessionStatus,
  ): Promise<OwnedSession & { channel: 'whatsapp' }>
  /** Fails when the CRM saw what its documents do not allow, but for what a test `provoked` (refuseViolations). */
  close(provoked?: readonly string[]): Promise<void>
}

export const owner = 'test-worker'

/** `requestEveryMs`: the pace of requests to the CRM, which then does not enforce its own limit. */
export async function startBridgeKit({
  requestEveryMs,
  rest,
}: { requestEveryMs?: number; rest?: { minMs: number; maxMs: number } } = {}): Promise<BridgeKit> {
  const test = await createTestDatabase()
  const database = openDatabase(test.url, { max: 12 })
  const { db } = database
  const key = randomBytes(32)
  const vault = createVault(db, { current: 'k1', keys: new Map([['k1', key]]) })
  const callback = createServer()
  await new Promise<void>((done) => callback.listen(0, '127.0.0.1', done))
  const appUrl = `http://127.0.0.1:${(callback.address() as AddressInfo).port}`
  const app = {
    clientId: '64f0aa11bb22cc33dd44ee55-kit',
    clientSecret: randomBytes(8).toString('hex'),
    ssoSecret: randomBytes(8).toString('hex'),
    providerId: '64f0aa11bb22cc33dd44ee66',
    redirectUri: `${appUrl}/oauth/callback`,
    deliveryUrl: `${appUrl}/delivery`,
    webhookUrl: `${appUrl}/webhooks`,
    customPageUrl: `${appUrl}/embed`,
  }
  const emulator = await startHighLevelEmulator({
    ...{ timings: { statusRaceMs: 0 }, log: () => {} },
    // Thousands of requests would be followed by as many events, which nobody here hears.
    app: requestEveryMs === undefined ? app : { ...app, events: [] },
    ...(requestEveryMs === undefined ? {} : { settings: { limits: { enforced: false } } }),
  })
  const wiring = { db, vault, clock: systemClock, log: silentLog }
  const ctx = {
    ...wiring,
    ...{ entitlements: grantedByOperators, mark: createMark('of the kit') },
    ...connectCrm({
      ...wiring,
      app: { ...app, apiUrl: emulator.apiUrl, authorizeUrl: emulator.authorizeUrl },
      appUrl,
      requestEveryMs,
      rest,
    }),
  }
  const webhooks: Buffer[] = []
  callback.on('request', (request, response) => {
    if (request.url === '/webhooks') {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        webhooks.push(Buffer.concat(chunks))
        response.end('ok')
      })
      return
    }
    const code = new URL(request.url ?? '/', appUrl).searchParams.get('code')
    const work = code ? install(ctx, { code }) : Promise.resolve()
    work.then(
      () => response.end('ok'),
      () => response.writeHead(400).end(),
    )
  })
  const crm = holdCrm(emulator.url)
  return {
    ctx,
    crm,
    emulator,
    database,
    databaseUrl: test.url,
    env: {
      ...process.env,
      DATABASE_URL: test.url,
      APP_URL: appUrl,
      APP_SECRET: randomBytes(16).toString('hex'),
      ENCRYPTION_KEYS: `k1:${key.toString('base64')}`,
      HIGHLEVEL_CLIENT_ID: app.clientId,
      HIGHLEVEL_CLIENT_SECRET: app.clientSecret,
      HIGHLEVEL_SSO_SECRET: app.ssoSecret,
      HIGHLEVEL_PROVIDER_ID: app.providerId,
      HIGHLEVEL_DELIVERY_SECRET: 'delivery-secret',
      HIGHLEVEL_API_URL: emulator.apiUrl,
      HIGHLEVEL_AUTHORIZE_URL: emulator.authorizeUrl,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
    },
    webhooks,
    async subAccount() {
      const { id } = await crm.createSubAccount(`Sub-account ${randomBytes(3).toString('hex')}`)
      await crm.install(id)
      return id as LocationId
    },
    async session(locationId, priority, status = 'connected') {
      const id = opaqueId<SessionId>()
      const phone = `+1555${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`
      await db.insert(sessions).values({
        ...{ id, locationId, channel: 'whatsapp', label: `Line ${priority}`, priority, phone },
        ...{ wanted: 'connected', status, isLinked: true },
      })
      await db.insert(leases).values({ sessionId: id, epoch: 1, owner, leaseUntil: new Date(Date.now() + 600_000) })
      return { id, locationId, channel: 'whatsapp', epoch: 1, phone, isMine: () => true }
    },
    async close(provoked) {
      await emulator.close()
      callback.close()
      await database.close()
      await test.drop()
      refuseViolations([emulator], provoked)
    },
  }
}

/** A line that writes down what it is asked to send, and fails when told to. */
export interface RecordingLine extends Line {
  sent: { to: Address; id: RemoteId; text: string }[]
  /** Thrown by the next send, once. */
  failNext: SendError | null
  /** Numbers that are not on the network. */
  absent: Set<string>
  /** The LID of numbers that have one. */
  lids: Map<string, Address>
  booksRead: ('contacts' | 'labels')[]
  labelChanges: LabelChange[]
}

export function recordingLine(): RecordingLine {
  const line: RecordingLine = {
    sent: [],
    failNext: null,
    absent: new Set(),
    lids: new Map(),
    booksRead: [],
    labelChanges: [],
    readBook: async (what) => void line.booksRead.push(what),
    changeLabel: async (change) => void line.labelChanges.push(change),
    connect: () => {},
    close: async () => {},
    unlink: async () => ({ confirmed: true }),
    showTyping: async () => {},
    pairWithCode: async () => ({ kind: 'code', text: 'ABCD1234', expiresAt: new Date(Date.now() + 60_000) }),
    async lookUp(phone): Promise<Person | null> {
      if (line.absent.has(phone)) return null
      const pn = `${phone.slice(1)}@s.whatsapp.net` as Address
      const lid = line.lids.get(phone)
      return { address: lid ?? pn, aliases: lid ? [lid, pn] : [pn], phone, name: null }
    },
    prepare: async (_to, content: Content) => Buffer.from(JSON.stringify(content)) as Prepared,
    async send(to, prepared, id) {
      const failure = line.failNext
      line.failNext = null
      if (failure) throw failure
      const content = JSON.parse(prepared.toString()) as Content
      line.sent.push({ to, id, text: content.kind === 'text' ? content.text : content.kind })
    },
  }
  return line
}
