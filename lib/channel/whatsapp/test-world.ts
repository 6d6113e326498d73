import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Sql } from 'postgres'
import { openDatabase } from '@/db/client'
import { leases, sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { createTestDatabase } from '@/db/test-database'
import { createVault, type Vault } from '@/db/vault'
import { connectPhones, type PhoneClient, type Phones } from '@/e2e/emulators/whatsapp/client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from '@/e2e/emulators/whatsapp/server'
import { trustEmulator } from '@/e2e/emulators/whatsapp/trust'
import { refuseViolations } from '@/e2e/violations'
import type { Channel, Ears, FaultPoint, Line, OwnedSession, Pairing } from '@/lib/channel/channel'
import type { ContractContact, ContractSession } from '@/lib/channel/channel.contract'
import { RecordingEars } from '@/lib/channel/recording-ears'
import { systemClock } from '@/lib/clock'
import type { LocationId, SessionId } from '@/lib/ids'
import { createLog, silentLog, type Log } from '@/lib/log'
import type { Database } from '@/db/client'
import { createWhatsAppChannel } from './channel'
import { productionTimings, type WhatsAppTimings } from './timings'

export const quickTimings: WhatsAppTimings = {
  ...productionTimings,
  pairingWindowMs: 30_000,
  ackWaitMs: 1_000,
  backoffMinMs: 20,
  backoffMaxMs: 100,
  stableMs: 400,
  replacedWaitMs: 30,
  databaseWaitMs: 1_500,
  hearRetryMinMs: 20,
  hearRetryMaxMs: 100,
  unlinkMs: 2_000,
  closeMs: 10_000,
  unreadableAfterMs: 1_500,
  retryRequestDelayMs: 5,
}

/** A database, a WhatsApp and the people on it. */
export class TestWorld {
  private readonly lines: Line[] = []

  private constructor(
    readonly emulator: WhatsAppEmulator,
    readonly phones: Phones,
    readonly db: Database,
    readonly databaseUrl: string,
    readonly vault: Vault,
    private readonly closeDb: () => Promise<void>,
  ) {}

  static async start(): Promise<TestWorld> {
    // libsignal prints whole sessions.
    for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) console[level] = () => {}
    const emulator = await startWhatsAppEmulator({ say: () => {} })
    trustEmulator(emulator.rootPublicKey)
    const database = await createTestDatabase()
    const { db, close } = openDatabase(database.url, { max: 8 })
    const vault = createVault(db, { current: 'k1', keys: new Map([['k1', randomBytes(32)]]) })
    return new TestWorld(emulator, connectPhones(emulator.url), db, database.url, vault, async () => {
      await close()
      await database.drop()
    })
  }

  /** Fails when the network saw a breach of its protocol, but for those a test `provoked`. */
  async stop(provoked: readonly string[] = []): Promise<void> {
    await Promise.all(this.lines.map((line) => line.close()))
    await this.emulator.close()
    await this.closeDb()
    refuseViolations([this.emulator], provoked)
  }

  channel(
    more: {
      timings?: Partial<WhatsAppTimings>
      reach?: (point: FaultPoint) => void | Promise<void>
      /** Every write of keys takes this much longer. */
      slowMs?: number
      without?: { inbox?: boolean }
      log?: Log
    } = {},
  ): Channel {
    return createWhatsAppChannel({
      db: more.slowMs ? slowed(this.db, more.slowMs) : this.db,
      vault: this.vault,
      log: more.log ? more.log : process.env.SHOW_LOG ? createLog({ name: 'test' }) : silentLog,
      clock: systemClock,
      webSocketUrl: this.emulator.webSocketUrl,
      timings: { ...quickTimings, ...more.timings },
      ...(more.reach && { reach: more.reach }),
      ...(more.without && { without: more.without }),
    })
  }

  async session(channel = this.channel(), platform?: 'smba'): Promise<TestSession> {
    const locationId = randomBytes(10).toString('hex') as LocationId
    const id = randomUUID() as string as SessionId
    await this.db.insert(subAccounts).values({ id: locationId, companyId: 'company' as never })
    await this.db.insert(sessions).values({
      id,
      locationId,
      channel: 'whatsapp',
      label: 'Main',
      priority: 1,
      wanted: 'connected',
      status: 'created',
    })
    await this.db
      .insert(leases)
      .values({ sessionId: id, owner: 'test', epoch: 0, leaseUntil: new Date(Date.now() + 6e7) })
    const owner = await this.phones.create({ name: 'Owner', ...(platform && { platform }) })
    return new TestSession(this, id, locationId, owner, channel, (line) => this.lines.push(line))
  }
}

function slowed(db: Database, ms: number): Database {
  const client = (db as Database & { $client: Sql }).$client
  const slow = Object.assign(Object.create(client) as Sql, {
    typed: client.typed,
    unsafe: async (...args: Parameters<Sql['unsafe']>) => {
      await systemClock.sleep(ms)
      return client.unsafe(...args)
    },
  })
  return Object.assign(Object.create(db) as Database, { $client: slow })
}

export class TestSession implements ContractSession {
  readonly ears = new RecordingEars()
  /** Known to the next line opened. */
  phone: string | null = null
  isMine = () => true

  constructor(
    readonly world: TestWorld,
    readonly id: SessionId,
    readonly locationId: LocationId,
    readonly owner: PhoneClient,
    public channel: Channel,
    private readonly keep: (line: Line) => void,
  ) {}

  async open(ears: Ears = this.ears): Promise<Line> {
    const epoch = await this.nextEpoch()
    const session: OwnedSession = {
      id: this.id,
      locationId: this.locationId,
      epoch,
      phone: this.phone,
      isMine: () => this.isMine(),
    }
    const line = this.channel.open(session, ears)
    this.keep(line)
    return line
  }

  async linked(): Promise<Line> {
    const line = await this.open()
    line.connect()
    const { pairing } = await this.ears.state('awaiting_link')
    await this.link(pairing!)
    await this.ears.state('connected')
    return line
  }

  async link(pairing: Pairing): Promise<void> {
    if (pairing.kind === 'qr') await this.owner.scan(pairing.text)
    else await this.owner.enterCode(pairing.text)
  }

  async meet(name: string): Promise<ContractContact & { client: PhoneClient }> {
    const client = await this.world.phones.create({ name })
    const { owner } = this
    return {
      client,
      phone: `+${client.number}`,
      write: (text) => client.sendText(owner, text),
      waitForText: (text) => client.waitForText(owner, text),
      texts: async () =>
        (await client.chat(owner)).filter(({ direction }) => direction === 'in').map(({ text }) => text),
      read: async () => void (await client.read(owner)),
    }
  }

  typeOnPhone(to: { phone: string }, text: string): Promise<string> {
    return this.owner.sendText(to.phone.slice(1), text)
  }

  async takeOver(): Promise<void> {
    await this.nextEpoch()
  }

  async framesSeen(): Promise<number> {
    const seen = await this.world.phones.history()
    return seen.filter(({ kind, number }) => kind === 'message-from-companion' && number === this.owner.number).length
  }

  async unlinkOnPhone(): Promise<void> {
    const { device } = await this.owner.waitForDevice()
    await this.owner.unlink(device)
  }

  async isLinkedOnPhone(): Promise<boolean> {
    return (await this.owner.view()).devices.length > 0
  }

  private async nextEpoch(): Promise<number> {
    const [row] = await this.world.db
      .update(leases)
      .set({ epoch: sql`${leases.epoch} + 1` })
      .where(sql`${leases.sessionId} = ${this.id}`)
      .returning({ epoch: leases.epoch })
    return row!.epoch
  }
}
