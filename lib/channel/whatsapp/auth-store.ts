import { BufferJSON, initAuthCreds, proto } from '@whiskeysockets/baileys'
import type { AuthenticationCreds, SignalDataSet, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import { and, eq } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { leases } from '@/db/schema/sessions'
import { whatsappCredentials, whatsappKeys } from '@/db/schema/whatsapp'
import type { TenantVault } from '@/db/vault'
import type { Clock } from '@/lib/clock'
import { LostOwnership } from '@/lib/errors'
import type { Directory } from './ids'
import { emptyStep, type Commit, type Owner, type Step } from './steps'

/**
 * What Baileys keeps of a session: credentials and Signal keys. The line's owner is the only writer, so everything is read
 * once into memory (what is not there does not exist) and written through: a `set` is one durable step before it resolves.
 */
export interface AuthStore {
  readonly creds: AuthenticationCreds
  readonly keys: SignalKeyStore
  readonly directory: Directory
  /** False until a phone has accepted the device; such credentials cannot log in and are never stored. */
  isLinked(): boolean
  /** Writes the credentials as they are now. Calls of one moment become one step. */
  saveCreds(): void
  /** Keys used for what is about to leave; they are stored before the next frame does. */
  storeFirst(data: DataSet): void
  /** Resolves when the credentials and keys handed over so far are durable; null when nothing is under way. */
  saving(): Promise<void> | null
  /** Of a collection of app state: read from its beginning next time. */
  forgetVersion(name: string): void
  hasVersion(name: string): boolean
  /** Makes durable how far collections of app state were read. */
  keepVersions(versions: Record<string, unknown>): Promise<void>
  /** Commits rows that are no keys. False: not durable, and nothing of this store will be any more. */
  commit(step: Partial<Step>): Promise<boolean>
  /** Erases credentials and keys in the database, for good. Throws LostOwnership or the database's error. */
  forget(): Promise<void>
  /** From now on nothing new is written; resolves when what was under way is decided, at most `withinMs`. */
  retire(withinMs: number): Promise<void>
}

export interface AuthStoreOptions {
  db: Database
  commit: Commit
  vault: TenantVault
  owner: Owner
  clock: Clock
  /** How long a write may wait for the database before the line gives up. */
  databaseWaitMs: number
  hooks: StoreHooks
}

export interface StoreHooks {
  /** Awaited before a read; a send is told by it that its frame is next. */
  beforeRead?(type: string): Promise<void> | void
  /** Awaited before a write becomes durable; may add to it. */
  beforeWrite?(data: DataSet): Promise<void> | void
  /** Rows of the inbox that belong to this write, sealed. */
  sealInbox?(rows: Record<string, unknown>): { id: string; sealed: Buffer }[]
  /** Awaited after the commit that carried inbox rows, before Baileys goes on to the receipt. */
  afterInboxCommit?(rows: Record<string, unknown>): Promise<void> | void
  /**
   * How far collections of app state were read. Given, they are kept in memory only until `keepVersions`.
   */
  holdVersions?(versions: Record<string, unknown>): void
  /** A key to app state was asked for and is not there. */
  onMissingKey?(): void
  /** A number and a private id turned out to be one person. */
  onMapping?(pnUser: string, lidUser: string): void
  /** The session belongs to somebody else, or the database stayed away: nothing more may leave this line. Called once. */
  onDead(error: Error): void
}

export type DataSet = Record<string, Record<string, unknown> | undefined>

/** Not a key of Baileys: decrypted messages ride through `set` so that they commit with the ratchet step. */
export const inboxType = 'trunkline-inbox'

type Entry = { sealed: Buffer } | { value: unknown }

const versionType = 'app-state-sync-version'

/** Pending for ever: what waits for a write that will never be durable must not go on to tell anybody. */
export const never = new Promise<never>(() => {})

export async function loadAuthStore(options: AuthStoreOptions): Promise<AuthStore> {
  const { db, vault, owner, clock, hooks } = options
  const { sessionId } = owner
  const credsPlace = { table: 'whatsapp_credentials', column: 'sealed', row: sessionId }
  const keyPlace = (type: string, id: string) => ({
    table: 'whatsapp_keys',
    column: 'sealed',
    row: `${sessionId}/${type}/${id}`,
  })

  const [storedCreds] = await db
    .select({ sealed: whatsappCredentials.sealed })
    .from(whatsappCredentials)
    .where(eq(whatsappCredentials.sessionId, sessionId))
  let creds = storedCreds
    ? (JSON.parse(vault.open(credsPlace, storedCreds.sealed).toString(), BufferJSON.reviver) as AuthenticationCreds)
    : null
  // A linking given up half-way leaves credentials without an account; using them again would be answered with 401.
  if (!creds?.account) creds = null

  const memory = new Map<string, Map<string, Entry>>()
  const shelf = (type: string): Map<string, Entry> => {
    let found = memory.get(type)
    if (!found) memory.set(type, (found = new Map()))
    return found
  }
  if (creds) {
    const rows = await db
      .select({ type: whatsappKeys.type, id: whatsappKeys.id, sealed: whatsappKeys.sealed })
      .from(whatsappKeys)
      .where(eq(whatsappKeys.sessionId, sessionId))
    for (const { type, id, sealed } of rows) shelf(type).set(id, { sealed })
  } else {
    // Keys of an earlier link mean nothing to a new one, and its numbers must not meet theirs.
    await erase(db, owner)
    creds = initAuthCreds()
  }
  const current = creds

  let dead = false
  let retired = false
  let forgotten = false
  const waiting = new AbortController()
  const underWay = new Set<Promise<boolean>>()

  function die(error: Error): void {
    if (dead) return
    dead = true
    waiting.abort(null)
    hooks.onDead(error)
  }

  async function write(step: Step): Promise<boolean> {
    const startedMs = clock.monotonicMs()
    for (let waitMs = 50; !dead && !retired; waitMs = Math.min(waitMs * 2, 1000)) {
      const leftMs = options.databaseWaitMs - (clock.monotonicMs() - startedMs)
      try {
        await inTime(options.commit(owner, step), leftMs)
        return true
      } catch (error) {
        if (error instanceof LostOwnership) die(error)
        else if (leftMs <= waitMs) die(new Error('the database did not take a write in time', { cause: error }))
        else await clock.sleep(waitMs, waiting.signal)
      }
    }
    return false
  }

  /** A database that does not answer is as good as one that refuses. */
  async function inTime(committing: Promise<void>, withinMs: number): Promise<void> {
    const limit = new AbortController()
    const late = clock.sleep(withinMs, limit.signal).then(() => {
      if (!limit.signal.aborted) throw new Error('no answer')
    })
    try {
      await Promise.race([committing, late])
    } finally {
      limit.abort(null)
    }
  }

  async function commit(step: Step): Promise<boolean> {
    const writing = write(step)
    underWay.add(writing)
    return writing.finally(() => underWay.delete(writing))
  }

  async function durable(step: Step): Promise<void> {
    if (forgotten || !(await commit(step))) await never
  }

  function read(type: string, id: string): unknown {
    const entry = memory.get(type)?.get(id)
    if (!entry) return undefined
    if ('value' in entry) return entry.value
    const value = decode(type, vault.open(keyPlace(type, id), entry.sealed))
    shelf(type).set(id, { value })
    return value
  }

  async function set({ [versionType]: versions, ...data }: DataSet): Promise<void> {
    if (versions && !hooks.holdVersions) Object.assign(data, { [versionType]: versions })
    await hooks.beforeWrite?.(data)
    supersede(data)
    await store(data)
    if (versions && hooks.holdVersions) {
      // Last, because Baileys says what they brought in the turn in which this resolves.
      for (const [id, value] of Object.entries(versions)) shelf(versionType).set(id, { value })
      hooks.holdVersions(versions)
    }
    const rows = data[inboxType]
    if (rows) await hooks.afterInboxCommit?.(rows)
  }

  async function store(data: DataSet): Promise<void> {
    const step = emptyStep()
    for (const [type, values] of Object.entries(data)) {
      if (!values) continue
      if (type === inboxType) {
        step.inbox = hooks.sealInbox?.(values) ?? []
        continue
      }
      for (const [id, value] of Object.entries(values)) {
        const entry = memory.get(type)?.get(id)
        if (value === null || value === undefined) {
          if (entry) step.drops.push({ type, id })
        } else if (!entry || !('value' in entry) || entry.value !== value) {
          step.puts.push({ type, id, sealed: vault.seal(keyPlace(type, id), encode(type, value)) })
        }
      }
    }
    if (step.puts.length + step.drops.length + step.inbox.length > 0) await durable(step)
    for (const [type, values] of Object.entries(data)) {
      if (!values || type === inboxType) continue
      for (const [id, value] of Object.entries(values)) {
        if (value === null || value === undefined) shelf(type).delete(id)
        else shelf(type).set(id, { value })
        if (type === 'lid-mapping' && typeof value === 'string' && !id.endsWith('_reverse')) {
          hooks.onMapping?.(id, value)
        }
      }
    }
  }

  const keys: SignalKeyStore = {
    async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      if (hooks.beforeRead) await hooks.beforeRead(type)
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const value = read(type, id)
        // What is stored under a type came from Baileys under that type.
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
        else if (type === 'app-state-sync-key') hooks.onMissingKey?.()
      }
      return found
    },
    set: (data: SignalDataSet) => set(data as DataSet),
  }

  let saving: Promise<void> | null = null
  let first: DataSet | null = null
  let storingFirst: Promise<void> | null = null
  /** What no frame came for is not stored over what was written later: a step back would forget a session or a message. */
  function supersede(data: DataSet): void {
    for (const [type, values] of Object.entries(data))
      for (const id of Object.keys(values ?? {})) delete first?.[type]?.[id]
  }

  async function storeFirst(): Promise<void> {
    while (first) {
      const data = first
      first = null
      await store(data)
    }
    storingFirst = null
  }

  let saveAgain = false
  async function save(): Promise<void> {
    while (saveAgain) {
      saveAgain = false
      const text = JSON.stringify(current, BufferJSON.replacer)
      await durable({ ...emptyStep(), creds: vault.seal(credsPlace, text) })
    }
    saving = null
  }

  const mapped = (id: string): string | null => {
    const value = read('lid-mapping', id)
    return typeof value === 'string' ? value : null
  }

  return {
    creds: current,
    keys,
    directory: { lidOf: mapped, pnOf: (lidUser) => mapped(`${lidUser}_reverse`) },
    isLinked: () => Boolean(current.account),
    saveCreds() {
      if (!current.account) return
      saveAgain = true
      // Baileys emits a partial update and merges it in the same tick; the whole object is read after that.
      saving ??= Promise.resolve().then(save)
    },
    storeFirst(data) {
      first ??= {}
      for (const [type, values] of Object.entries(data)) first[type] = { ...first[type], ...values }
    },
    saving() {
      if (first) storingFirst ??= storeFirst()
      return storingFirst ?? saving
    },
    forgetVersion: (name) => void shelf(versionType).delete(name),
    hasVersion: (name) => shelf(versionType).has(name),
    async keepVersions(versions) {
      const puts = Object.entries(versions).map(([id, value]) => ({
        ...{ type: versionType, id },
        sealed: vault.seal(keyPlace(versionType, id), encode(versionType, value)),
      }))
      if (!forgotten) await commit({ ...emptyStep(), puts })
    },
    commit: (step) => commit({ ...emptyStep(), ...step }),
    async forget() {
      // What was under way would come back after the erasing, as a device that can be used and is none.
      forgotten = true
      await Promise.all(underWay)
      await erase(db, owner)
    },
    async retire(withinMs) {
      retired = true
      waiting.abort(null)
      const limit = new AbortController()
      await Promise.race([Promise.all(underWay), clock.sleep(withinMs, limit.signal)])
      limit.abort(null)
    },
  }
}

async function erase(db: Database, { sessionId, epoch }: Owner): Promise<void> {
  await db.transaction(async (tx) => {
    const fence = await tx
      .select({ epoch: leases.epoch })
      .from(leases)
      .where(and(eq(leases.sessionId, sessionId), eq(leases.epoch, epoch)))
      .for('key share')
    if (fence.length === 0) throw new LostOwnership(sessionId)
    await tx.delete(whatsappCredentials).where(eq(whatsappCredentials.sessionId, sessionId))
    await tx.delete(whatsappKeys).where(eq(whatsappKeys.sessionId, sessionId))
  })
}

// Values of these types are made of strings, numbers and booleans only, which spares the walk over every field.
const plainTypes = new Set(['session', 'lid-mapping', 'device-list', 'sender-key-memory'])

function encode(type: string, value: unknown): string {
  const isPlain = plainTypes.has(type) && !(value instanceof Uint8Array)
  return isPlain ? JSON.stringify(value) : JSON.stringify(value, BufferJSON.replacer)
}

function decode(type: string, bytes: Buffer): unknown {
  const text = bytes.toString()
  const value: unknown =
    plainTypes.has(type) && !text.startsWith('{"type":"Buffer"')
      ? JSON.parse(text)
      : JSON.parse(text, BufferJSON.reviver)
  return type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value as object) : value
}
