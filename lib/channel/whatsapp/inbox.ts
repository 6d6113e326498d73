import { DEFAULT_CONNECTION_CONFIG, type BinaryNode, type proto, type SocketConfig } from '@whiskeysockets/baileys'
import type { SignalDataSet, SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys'
import { and, desc, eq, isNotNull, isNull } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { whatsappInbox } from '@/db/schema/whatsapp'
import type { TenantVault } from '@/db/vault'
import type { LineEvent, ReachFaultPoint } from '@/lib/channel/channel'
import type { Clock } from '@/lib/clock'
import type { RemoteId } from '@/lib/ids'
import { inboxType, never, type AuthStore, type DataSet } from './auth-store'
import { decodePlaintext, envelopeOf, eventsOf, lanesOf, sharedKeysOf, type Envelope, type Self } from './envelope'
import { parseAddress, sha256Hex } from './ids'
import { createLanes } from './lanes'
import type { Owner } from './steps'
import { createUnreadable, type InboxRow as Row } from './unreadable'

/**
 * Nothing decrypted is lost. Decrypting uses up the key it needs, so the plaintext is committed in the same step as the
 * key's use, and only then does Baileys confirm the message to WhatsApp. What the product hears comes from these rows,
 * never from Baileys' events: those are emitted after the confirmation and are thrown away when a socket closes.
 */
export interface Inbox {
  /** Reads what was stored and not heard, and goes on from there. Called before each socket that has a new store. */
  load(store: AuthStore): Promise<void>
  /** Sees each message stanza before Baileys does; a promise must be waited for. */
  sawStanza(node: BinaryNode): Promise<void> | undefined
  /** Baileys' signal repository, with decryption that goes through the inbox and one lock for all that changes sessions. */
  readonly makeRepository: SocketConfig['makeSignalRepository']
  seal(rows: Record<string, unknown>): { id: string; sealed: Buffer }[]
  committed(rows: Record<string, unknown>): Promise<void>
  /** Hears no more; resolves when what is being told has been told, at most `withinMs`. */
  close(withinMs: number): Promise<void>
}

export interface InboxOptions {
  db: Database
  vault: TenantVault
  owner: Owner
  clock: Clock
  self(): Self
  /** Tells the product, again and again until it is stored. False: the line is closing, it was not. */
  tell(event: LineEvent): Promise<boolean>
  /** Whether the product sent a message under this id: its echo is no news. */
  isOurs(id: RemoteId): Promise<boolean>
  reach: ReachFaultPoint
  timings: { unreadableAfterMs: number; maxRetries: number }
  /** Off only in the control run of a fault test, which must then lose messages. */
  keysFirst: boolean
}

// Bigger peer messages are history and app state, which the phone gives again on request.
const largestPeerMessage = 65_536
const remembered = 2000

export function createInbox(options: InboxOptions): Inbox {
  const { db, vault, owner, clock, timings } = options
  const { sessionId } = owner
  const place = (id: string) => ({ table: 'whatsapp_inbox', column: 'sealed', row: `${sessionId}/${id}` })
  const stanzas = new WeakMap<Uint8Array, Envelope>()
  const unheard = new Map<string, Row>()
  const heardIds = new Set<string>()
  const unreadable = createUnreadable({
    ...timings,
    wasHeard: (id) => heardIds.has(id),
    giveUp: enqueue,
  })
  const lanes = createLanes(16)
  let store: AuthStore | null = null
  const closing = new AbortController()

  function enqueue(row: Row): void {
    if (closing.signal.aborted || !store || unheard.has(row.id)) return
    unheard.set(row.id, row)
    void lanes.add(lanesOf(row.envelope, options.self(), store.directory), () => hear(row))
  }

  async function hear(row: Row): Promise<void> {
    if (closing.signal.aborted || !store) return
    const gone: string[] = []
    const isNotice = row.envelope.missing?.kind === 'unreadable'
    for (const event of eventsOf(row.envelope, row.message, options.self(), store.directory)) {
      if (event.fromPhone && (await options.isOurs(event.id))) continue
      const before = isNotice ? 'fine' : unreadable.readAfterAll(event.id)
      // Its placeholder is out already, so the message itself goes under an id of its own instead of being dropped as known.
      const isLate = before === 'given up'
      if (!(await options.tell(isLate ? { ...event, id: `${event.id}~late` as RemoteId } : event))) return
      if (before === 'failed') gone.push(unreadable.forget(event.id))
    }
    if (!(await store.commit({ heard: [row.id], gone }))) return
    unheard.delete(row.id)
    remember(row.id)
    if (isNotice) unreadable.forget(row.envelope.attrs.id ?? '')
  }

  function remember(id: string): void {
    heardIds.add(id)
    if (heardIds.size > remembered) heardIds.delete(heardIds.values().next().value!)
  }

  function open(id: string, sealed: Buffer): Row {
    const bytes = vault.open(place(id), sealed)
    const length = bytes.readUInt32BE(0)
    const envelope = JSON.parse(bytes.toString('utf8', 4, 4 + length)) as Envelope
    const plaintext = envelope.missing ? null : bytes.subarray(4 + length)
    return { id, envelope, plaintext, message: plaintext && tryDecode(plaintext) }
  }

  function sealRow(row: Row): Buffer {
    const head = Buffer.from(JSON.stringify(row.envelope))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(head.length)
    return vault.seal(place(row.id), Buffer.concat([length, head, row.plaintext ?? Buffer.alloc(0)]))
  }

  /** The plaintext of a ciphertext decrypted before; null for a new one. */
  async function plaintextOf(id: string): Promise<Buffer | null> {
    const waiting = unheard.get(id)
    if (waiting) return waiting.plaintext
    // An outage must not look like an unknown message, which would make Baileys ask the sender for it again.
    for (;;) {
      try {
        const [found] = await db
          .select({ sealed: whatsappInbox.sealed })
          .from(whatsappInbox)
          .where(and(eq(whatsappInbox.sessionId, sessionId), eq(whatsappInbox.id, id)))
        return found ? open(id, found.sealed).plaintext : null
      } catch (error) {
        if (closing.signal.aborted) throw error
        await clock.sleep(500, closing.signal)
      }
    }
  }

  /**
   * Baileys confirms these before it stores them, and a phone gives them once: killed in between, a device would never
   * read contacts and labels again. So they are stored first.
   */
  async function keepSharedKeys(envelope: Envelope, plaintext: Buffer): Promise<void> {
    if (!store || !tryDecode(plaintext)) return
    const keys = sharedKeysOf(envelope, plaintext, options.self())
    const newest = Object.keys(keys).at(-1)
    if (newest === undefined) return
    await store.keys.set({ 'app-state-sync-key': keys } as SignalDataSet)
    store.creds.myAppStateKeyId = newest
    store.saveCreds()
  }

  /**
   * A message we could not read. Baileys asks its sender again; only when that has led nowhere is a placeholder heard.
   * The row is durable before Baileys refuses the stanza, because WhatsApp forgets the stanza then.
   */
  async function noteUnreadable(envelope: Envelope, reason: string): Promise<void> {
    const row = unreadable.noticeOf(envelope, reason)
    if (!row || !store || unreadable.failsAgain(row)) return
    if (!(await store.commit({ inbox: [{ id: row.id, sealed: sealRow(row) }] }))) await never
    unreadable.watch(row)
    await options.reach('after_inbox_commit')
  }

  return {
    async load(from) {
      store = from
      const mine = eq(whatsappInbox.sessionId, sessionId)
      const waiting = await db
        .select({ id: whatsappInbox.id, sealed: whatsappInbox.sealed, receivedAt: whatsappInbox.receivedAt })
        .from(whatsappInbox)
        .where(and(mine, isNull(whatsappInbox.heardAt)))
      const heard = await db
        .select({ id: whatsappInbox.id })
        .from(whatsappInbox)
        .where(and(mine, isNotNull(whatsappInbox.heardAt)))
        .orderBy(desc(whatsappInbox.heardAt))
        .limit(remembered)
      for (const { id } of heard.reverse()) remember(id)
      const rows = waiting
        .map(({ id, sealed, receivedAt }) => ({ row: open(id, sealed), receivedAt }))
        .sort(
          (a, b) =>
            a.receivedAt.getTime() - b.receivedAt.getTime() || (a.row.envelope.seq < b.row.envelope.seq ? -1 : 1),
        )
      for (const { row, receivedAt } of rows) {
        const isPending = row.envelope.missing?.kind === 'unreadable'
        if (!isPending) enqueue(row)
        else unreadable.watch(row, clock.now().getTime() - receivedAt.getTime())
      }
    },

    sawStanza(node) {
      // Groups, broadcasts and channels are not heard.
      if (!parseAddress(node.attrs.from)) return undefined
      const children = Array.isArray(node.content) ? node.content : []
      const enc = children.filter((child) => child.tag === 'enc')
      for (const { content } of enc) if (content instanceof Uint8Array) stanzas.set(content, envelopeOf(node))
      // Every other kind passes through the repository below, or is for Baileys alone.
      if (enc.some((child) => knownTypes.has(child.attrs.type ?? ''))) return undefined
      const missing = missingFrom(children)
      if (!missing) return undefined
      const envelope = envelopeOf(node, missing)
      if (missing.kind === 'unreadable') return noteUnreadable(envelope, missing.reason)
      const row: Row = { id: `view-once-${sha256Hex(node.attrs.id ?? '')}`, envelope, plaintext: null, message: null }
      if (unheard.has(row.id) || heardIds.has(row.id)) return undefined
      return store?.commit({ inbox: [{ id: row.id, sealed: sealRow(row) }] }).then((stored) => {
        if (!stored) return never
        enqueue(row)
      })
    },

    makeRepository(auth, logger, pnToLid) {
      const keys = auth.keys as SignalKeyStoreWithTransaction
      const watched = { ...auth, keys: { ...keys, set: noteUsed } }
      const inner = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(watched, logger, pnToLid)
      let enciphering = 0
      async function noteUsed(data: SignalDataSet): Promise<void> {
        if (enciphering > 0 && options.keysFirst) store?.storeFirst(data as DataSet)
        await keys.set(data)
      }
      /**
       * Baileys locks decryption by contact and sending by account, so the two can overwrite each other's copy of one
       * session: a counter goes back, is used twice, and strict receivers drop the second message without a word. Here
       * everything that changes a session takes the lock sending takes.
       */
      const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
        const { me } = (auth as { creds: { me?: { id: string } } }).creds
        return keys.transaction(work, me?.id ?? 'unlinked')
      }

      /**
       * Baileys stores what enciphering used after the frame has left. A process that dies in between would use the same
       * step again for another message, or not know a session the other side already answers in. So it is stored first.
       * Deciphering waits for the same lock, so its steps never slip in: they are stored with their plaintext.
       */
      const enciphers = <T>(work: () => Promise<T>): Promise<T> =>
        exclusively(async () => {
          enciphering += 1
          try {
            return await work()
          } finally {
            enciphering -= 1
          }
        })

      return {
        ...inner,
        encryptMessage: (input) => enciphers(() => inner.encryptMessage(input)),
        injectE2ESession: (input) => enciphers(() => inner.injectE2ESession(input)),
        migrateSession: (from, to) => exclusively(() => inner.migrateSession(from, to)),
        deleteSession: (jids) => exclusively(() => inner.deleteSession(jids)),
        async decryptMessage(input) {
          const envelope = stanzas.get(input.ciphertext)
          if (!envelope) return exclusively(() => inner.decryptMessage(input))
          const plaintext = await decipher(input, envelope)
          await keepSharedKeys(envelope, plaintext)
          return plaintext
        },
      }

      /** Each ciphertext once; what was deciphered before is remembered. */
      async function decipher(input: Parameters<typeof inner.decryptMessage>[0], envelope: Envelope): Promise<Buffer> {
        const id = sha256Hex(input.ciphertext)
        if (unheard.has(id) || heardIds.has(id)) {
          const known = await plaintextOf(id)
          if (known) return known
        }
        try {
          return await exclusively(async () => {
            const bytes = Buffer.from(await inner.decryptMessage(input))
            const message = tryDecode(bytes)
            const isLarge = envelope.attrs.category === 'peer' && bytes.length > largestPeerMessage
            // Deciphered, but no message: its key is used up all the same, so the notice goes into the same commit.
            const row = message
              ? isLarge
                ? null
                : { id, envelope, plaintext: bytes, message }
              : unreadable.noticeOf(envelope, 'malformed')
            // A type of ours, not of Baileys; the store knows it.
            if (row && (message || !unreadable.failsAgain(row)))
              await keys.set({ [inboxType]: { [row.id]: row } } as never)
            return bytes
          })
        } catch (error) {
          const known = await plaintextOf(id)
          if (known) return known
          // A key used before, and no row of ours: an old message, delivered again long after it was heard.
          const text = error instanceof Error ? error.message : ''
          if (!/Key used already/.test(text)) await noteUnreadable(envelope, 'undecryptable')
          throw error
        }
      }
    },

    seal: (rows) => Object.entries(rows).map(([id, row]) => ({ id, sealed: sealRow(row as Row) })),

    async committed(rows) {
      for (const row of Object.values(rows) as Row[]) {
        if (row.envelope.missing?.kind === 'unreadable') unreadable.watch(row)
        else enqueue(row)
      }
      await options.reach('after_inbox_commit')
    },

    async close(withinMs) {
      closing.abort()
      unreadable.close()
      const limit = new AbortController()
      await Promise.race([lanes.idle(), clock.sleep(withinMs, limit.signal)])
      limit.abort(null)
    },
  }
}

const knownTypes = new Set(['pkmsg', 'msg', 'skmsg', 'msmsg'])

function missingFrom(children: BinaryNode[]): Envelope['missing'] | null {
  const unavailable = children.find((child) => child.tag === 'unavailable')
  const type = unavailable?.attrs.type ?? ''
  if (type.startsWith('view_once')) return { kind: 'view-once' }
  if (type.startsWith('bot_') || type.startsWith('hosted_')) return null
  if (children.some((child) => child.tag === 'plaintext')) return null
  return { kind: 'unreadable', reason: unavailable ? 'unavailable' : 'absent' }
}

function tryDecode(plaintext: Buffer): proto.IMessage | null {
  try {
    return decodePlaintext(plaintext)
  } catch {
    return null
  }
}
