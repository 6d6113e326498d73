// Everything a fault test needs: a database of its own, both emulators in this process, the product as real processes.
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { runMigrations } from '@/db/migrate'
import { ensureBuilt } from '@/scripts/ensure-built'
import { freePort, startPostgres, type Postgres } from '@/scripts/postgres'
import { gone } from '@/scripts/processes'
import { connectCrm, type CrmClient } from '../emulators/highlevel/client'
import { seededRandom } from '../emulators/highlevel/faults'
import type { DeepPartial, Settings } from '../emulators/highlevel/options'
import { startHighLevelEmulator, type HighLevelEmulator } from '../emulators/highlevel/server'
import { connectPhones, type PhoneClient, type Phones } from '../emulators/whatsapp/client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from '../emulators/whatsapp/server'
import { registration } from '../sandbox/emulators'
import { openKept } from '../sandbox/kept'
import { refuseViolations } from '../violations'
import { settle } from './chaos'
import { describeVerdict, outstanding } from './checker'
import { linkAll } from './link'
import { writeOnce, type Way } from './load'
import { startWebProcess, startWorkerProcess, type Killable, type WorkerProcess } from './processes'
import type { Rule } from './rules'

export interface Chat {
  locationId: string
  contactId: string
  /** The number of the session's phone, and of the person it talks with. */
  owner: string
  person: string
}

export interface WorldOptions {
  seed: number
  sessions: number
  chatsEach: number
  crm?: DeepPartial<Settings>
  /** How long the CRM's ten minutes between two attempts of a webhook are. */
  webhookRetryMs?: number
}

export type DatabaseEnd = 'fast' | 'immediate' | 'kill'

export class FaultWorld {
  readonly random: () => number
  readonly workers: WorkerProcess[] = []
  chats: Chat[] = []
  /** Where in the emulators' histories the judge begins to read. */
  judgedFrom = { whatsapp: 0, crm: 0 }
  /** What workers started from now on do without. */
  without: readonly Rule[] = []
  /** Of workers started from now on, where it is not the short one of these tests. */
  leaseMs: number | null = null
  web!: Killable
  sql!: postgres.Sql

  private constructor(
    readonly options: WorldOptions,
    readonly folder: string,
    readonly port: number,
    private pg: Postgres,
    readonly network: WhatsAppEmulator,
    readonly phones: Phones,
    readonly emulator: HighLevelEmulator,
    readonly crm: CrmClient,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.random = seededRandom(options.seed)
  }

  static async start(options: WorldOptions): Promise<FaultWorld> {
    await ensureBuilt()
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-faults-'))
    // The server may run as another user, who must be able to enter.
    await chmod(folder, 0o711)
    process.env.TEST_OUTPUT_DIR ??= join(folder, 'output')
    const pg = await startPostgres({ dataDir: join(folder, 'postgres') })
    await runMigrations(pg.url)
    const network = await startWhatsAppEmulator({ say: () => {}, timings: { linkMs: 120_000 } })
    const port = await freePort()
    const { values } = openKept(folder)
    const appUrl = `http://127.0.0.1:${port}`
    const emulator = await startHighLevelEmulator({
      app: registration({ ...values, APP_URL: appUrl }),
      timings: { statusRaceMs: 0, webhookScale: (options.webhookRetryMs ?? 2_000) / 600_000 },
      ...(options.crm ? { settings: options.crm } : {}),
      log: () => {},
    })
    const env = {
      ...process.env,
      ...values,
      DATABASE_URL: pg.url,
      APP_URL: appUrl,
      PORT: String(port),
      HIGHLEVEL_API_URL: emulator.apiUrl,
      HIGHLEVEL_AUTHORIZE_URL: emulator.authorizeUrl,
      HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: emulator.webhookPublicKey,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
    }
    const phones = connectPhones(network.url)
    const crm = connectCrm(emulator.url)
    const world = new FaultWorld(options, folder, port, pg, network, phones, emulator, crm, env)
    world.sql = postgres(pg.url, { max: 2, onnotice: () => undefined })
    await world.startWeb()
    return world
  }

  get appUrl(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async startWeb(nodeArgs: string[] = []): Promise<void> {
    this.web = await startWebProcess(this.env, this.port, nodeArgs)
  }

  async startWorker(
    more: { without?: readonly Rule[]; file?: string; nodeArgs?: string[] } = {},
  ): Promise<WorkerProcess> {
    const without = more.without ?? this.without
    const env = {
      ...this.env,
      PACING: 'off',
      FAULT_NETWORK: this.network.webSocketUrl,
      FAULT_ROOT: this.network.rootPublicKey,
      FAULT_WITHOUT: without.join(','),
      ...(this.leaseMs !== null && { FAULT_LEASE_MS: String(this.leaseMs) }),
    }
    const worker = await startWorkerProcess(env, more.file, more.nodeArgs)
    this.workers.push(worker)
    void worker.ended.then(() => {
      const at = this.workers.indexOf(worker)
      if (at >= 0) this.workers.splice(at, 1)
    })
    return worker
  }

  /** What was written so far is judged no longer, and only these chats go on. */
  goOnWith(chats: Chat[]): void {
    this.chats = chats
    this.judgedFrom = { whatsapp: this.network.history.last(), crm: this.emulator.history.last() }
  }

  /** Sub-accounts, sessions linked by QR, people with their contacts. Needs a worker. */
  async people(sessions = this.options.sessions): Promise<void> {
    const { chatsEach } = this.options
    const lines = await linkAll(this, sessions)
    const made = await this.phones.createMany(Array.from({ length: sessions * chatsEach }, () => ({ name: 'Person' })))
    const plan = made.map((person, index) => ({ person, line: lines[Math.floor(index / chatsEach)]! }))
    const contacts = await this.crm.createContacts(
      plan.map(({ person, line }) => ({ locationId: line.locationId, name: 'Person', phone: `+${person.number}` })),
    )
    const met = plan.map(({ person, line }, index) => ({
      locationId: line.locationId,
      contactId: contacts[index]!.id,
      owner: line.phone.number,
      person: person.number,
    }))
    this.chats = [...this.chats, ...met]
  }

  /** Everybody has written to everybody once, so that no chat is new any more. */
  async warmUp(ways: readonly Way[] = ['out', 'in']): Promise<void> {
    await writeOnce(this, ways)
    const left = await settle(this)
    if (outstanding(left) > 0) throw new Error(`the chats are not warm: ${describeVerdict(left)}`)
  }

  /** The worker that holds most sessions. */
  async busiest(): Promise<WorkerProcess | undefined> {
    const rows = await this.sql<{ owner: string }[]>`
      select owner from leases where lease_until > now() group by owner order by count(*) desc`
    for (const { owner } of rows) {
      const found = this.workers.find(({ name }) => owner.startsWith(`${name}-`))
      if (found) return found
    }
    return this.workers[0]
  }

  /** How many parts somebody died over. */
  async partsInSending(): Promise<number> {
    const [row] = await this.sql<{ count: number }[]>`select count(*)::int from parts where state = 'sending'`
    return row!.count
  }

  /** Every session is connected, and the product knows of nothing that is still to cross. */
  async isAtRest(): Promise<boolean> {
    const numbers = new Set(this.chats.map(({ owner }) => owner))
    const phones = await Promise.all([...numbers].map((number) => this.phones.phone(number).view()))
    if (!phones.every(({ devices }) => devices.every(({ isConnected }) => isConnected))) return false
    const locations = [...new Set(this.chats.map(({ locationId }) => locationId))]
    const [row] = await this.sql<{ isOpen: boolean }[]>`
      select exists (select from deliveries where state = 'ready' and location_id in ${this.sql(locations)})
        or exists (
          select from whatsapp_inbox i join sessions s on s.id = i.session_id
          where i.heard_at is null and s.location_id in ${this.sql(locations)}) as "isOpen"`
    return !row!.isOpen
  }

  async restartDatabase(how: DatabaseEnd): Promise<void> {
    if (how === 'immediate') {
      process.kill(this.pg.pid, 'SIGQUIT')
      await gone(this.pg.pid, 30_000)
    }
    this.pg = await this.pg.restart({ crash: how === 'kill' })
  }

  async stopDatabase(): Promise<void> {
    await this.pg.stop()
  }

  async startDatabase(): Promise<void> {
    this.pg = await this.pg.restart()
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1))
  }

  /** Fails when an emulator saw a breach of its protocol, but for those a test `provoked`. */
  async close(provoked: readonly string[] = []): Promise<void> {
    for (const worker of [...this.workers]) worker.signal('SIGCONT')
    await Promise.all([...this.workers].map((worker) => worker.stop()))
    await this.web.stop()
    await this.sql.end({ timeout: 5 })
    await this.emulator.close()
    await this.network.close()
    await this.pg.stop()
    // What the database wrote is searched like the output of everybody else.
    await copyFile(join(this.folder, 'postgres.log'), join(process.env.TEST_OUTPUT_DIR!, `postgres-${this.port}.log`))
    if (!process.env.FAULT_KEEP) await rm(this.folder, { recursive: true, force: true })
    refuseViolations([this.network, this.emulator], provoked)
  }
}

export type { PhoneClient }
