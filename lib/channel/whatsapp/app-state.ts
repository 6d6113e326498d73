/**
 * The address book and the labels of an account, which all its devices share ("app state"). Baileys fetches the patches and
 * stores up to where it has read before it says what they changed, through a buffer that merges a removal with what was
 * there before and dies with the socket. So what it says is taken before that buffer, and how far it has read becomes
 * durable only when the product has heard it: after a crash the same patches are fetched and told again.
 */
import type { BaileysEventMap, BinaryNode, WAPatchName, WASocket } from '@whiskeysockets/baileys'
import { SendError, type LabelChange, type LineEvent, type Person } from '@/lib/channel/channel'
import type { Clock } from '@/lib/clock'
import type { Log } from '@/lib/log'
import type { AuthStore } from './auth-store'
import { cleanName, isLid, parseAddress, personOf, userOf } from './ids'
import type { Lanes } from './lanes'
import { ConnectionEnded, type Connection } from './socket'

const collections = ['critical_block', 'critical_unblock_low', 'regular_high', 'regular_low', 'regular'] as const
const collectionOf = { contacts: 'critical_unblock_low', labels: 'regular' } as const satisfies Record<
  'contacts' | 'labels',
  WAPatchName
>
const perEvent = 500
const writesTried = 3
/** How long the number behind a private id may take to become known. */
const numberWaitMs = 2_000

export type Versions = Record<string, unknown>

type ContactsEvent = Extract<LineEvent, { type: 'contacts' }>
interface HeardLabels {
  labels: Extract<LineEvent, { type: 'labels' }>['labels']
  marks: { labelId: string; jid: string; on: boolean }[]
}

export interface AppState {
  /** Takes from a connection what it says of contacts and labels. */
  listen(connection: Connection): void
  /** The connection is open: fetches what was missed, as far as nobody else does. */
  catchUp(connection: Connection): void
  /** How far was read, to be stored when all of it has been heard. */
  holdVersions(versions: Versions): void
  /** A key was asked for that the phone has not shared. */
  missKey(): void
  /** Whether this number's private id is being learned from the address book, whose entries name both anyway. */
  isLearning(pnUser: string): boolean
  read(what: 'contacts' | 'labels'): Promise<void>
  change(change: LabelChange): Promise<void>
}

export interface AppStateOptions {
  log: Log
  clock: Clock
  lanes: Lanes
  /** Null while no connection is open. */
  link(): { connection: Connection; store: AuthStore } | null
  store(): AuthStore | null
  /** False: the line is closing, it was not heard. */
  tell(event: LineEvent): Promise<boolean>
}

/** What WhatsApp answered last about a collection. */
interface Answer {
  count: number
  isRefused: boolean
  hasContent: boolean
}

export function createAppState(options: AppStateOptions): AppState {
  const { log, clock, lanes, link } = options
  let contacts: ContactsEvent['contacts'] = []
  let labels: HeardLabels = { labels: [], marks: [] }
  let isFlushing = false
  let isOver = false
  let held: { store: AuthStore | null; versions: Versions } | null = null
  let lacksKey = false
  /** Baileys fetches by itself, once it has it, what this connection lacked a key for. */
  let isAwaited = false
  let readers = Promise.resolve()
  const learning = new Set<string>()
  /** Private ids whose number did not become known when it was waited for. */
  const numberless = new Set<string>()
  const answers = new Map<string, Answer>()

  /** One after another; once something was not heard, nothing after it counts as heard. */
  function tell(event: LineEvent): void {
    void lanes.add('app-state', async () => {
      if (!isOver && !(await options.tell(event))) isOver = true
    })
  }

  /** Who has a private id may be learned at the same moment from the history, so it is looked up as late as can be. */
  function tellLabels(heard: HeardLabels): void {
    void lanes.add('app-state', async () => {
      const unnamed = () =>
        heard.marks.filter(({ jid }) => !numberless.has(jid) && personFor([jid])?.phone === null).map(({ jid }) => jid)
      for (let tries = 0; unnamed().length > 0 && tries < 20 && !isOver; tries++) await clock.sleep(numberWaitMs / 20)
      for (const jid of unnamed()) numberless.add(jid)
      const marks = heard.marks.flatMap(({ labelId, jid, on }) => {
        const chat: Person | 'group' | null = jid.endsWith('@g.us') ? 'group' : personFor([jid])
        return chat ? [{ labelId, chat, on }] : []
      })
      if (!isOver && !(await options.tell({ type: 'labels', labels: heard.labels, marks }))) isOver = true
    })
  }

  function flush(): void {
    if (contacts.length > 0) tell({ type: 'contacts', contacts })
    if (labels.labels.length + labels.marks.length > 0) tellLabels(labels)
    contacts = []
    labels = { labels: [], marks: [] }
    const read = held
    held = null
    if (!read) return
    void lanes.add('app-state', async () => {
      if (!isOver) await read.store?.keepVersions(read.versions)
    })
  }

  /** What comes in one go is told in one go, and a version after everything it brought: Baileys says that in the same turn. */
  function flushSoon(): void {
    if (isFlushing) return
    isFlushing = true
    setImmediate(() =>
      setImmediate(() => {
        isFlushing = false
        flush()
      }),
    )
  }

  function hear<Kind extends keyof BaileysEventMap>(sock: WASocket, kind: Kind, given: BaileysEventMap[Kind]): boolean {
    switch (kind) {
      case 'contacts.upsert':
        for (const one of given as BaileysEventMap['contacts.upsert']) hearContact(one)
        break
      case 'lid-mapping.update':
        hearMapping(sock, given as BaileysEventMap['lid-mapping.update'])
        break
      case 'labels.edit':
        hearLabel(given as BaileysEventMap['labels.edit'])
        break
      case 'labels.association':
        hearMark(given as BaileysEventMap['labels.association'])
        break
      case 'messaging-history.set':
        hearHistory(given as BaileysEventMap['messaging-history.set'])
        return false
      default:
        return false
    }
    flushSoon()
    return true
  }

  const personFor = (jids: (string | null | undefined)[], name?: string): Person | null => {
    const directory = options.store()?.directory
    return directory ? personOf(jids, name, directory) : null
  }

  function hearContact(one: BaileysEventMap['contacts.upsert'][number]): void {
    const person = personFor([one.id, one.lid, one.phoneNumber])
    if (!person) return
    contacts.push({ person, savedName: cleanName(one.name, 200) })
    if (contacts.length >= perEvent) tell({ type: 'contacts', contacts: contacts.splice(0) })
  }

  const mappings: { lid: string; pn: string }[] = []
  /** Stored many at a time: one by one, a large address book would keep the key store busy for a minute. */
  function hearMapping(sock: WASocket, mapping: { lid: string; pn: string }): void {
    mappings.push(mapping)
    learning.add(userOf(mapping.pn))
    if (mappings.length > 1) return
    setImmediate(() => {
      const pairs = mappings.splice(0)
      void sock.signalRepository.lidMapping
        .storeLIDPNMappings(pairs)
        .catch((error: unknown) => log.warn({ err: error }, 'could not learn who the saved contacts are'))
        .finally(() => {
          for (const { pn } of pairs) learning.delete(userOf(pn))
        })
    })
  }

  function hearLabel(label: BaileysEventMap['labels.edit']): void {
    // Within one event labels come before marks.
    if (labels.marks.length > 0) flush()
    const { id, name, color, deleted } = label
    labels.labels.push({ labelId: id, name: cleanName(name, 100) ?? '', color: Number(color) || 0, deleted: !!deleted })
  }

  function hearMark({ type, association }: BaileysEventMap['labels.association']): void {
    // A label can be put on a single message too, which says nothing about the chat.
    if ('messageId' in association && association.messageId) return
    const { chatId, labelId } = association
    labels.marks.push({ labelId, jid: chatId, on: type === 'add' })
  }

  /** Names people gave themselves; who has which private id Baileys stores by itself. */
  function hearHistory(history: BaileysEventMap['messaging-history.set']): void {
    for (const { id, lid, phoneNumber, notify } of history.contacts) {
      const person = notify ? personFor([id, lid, phoneNumber], notify) : null
      if (person?.name) void lanes.add('names', async () => void (await options.tell({ type: 'alias', person })))
    }
  }

  function sawAnswer(node: BinaryNode): void {
    for (const sync of childrenOf(node, 'sync')) {
      for (const collection of childrenOf(sync, 'collection')) {
        const name = collection.attrs.name ?? ''
        const before = answers.get(name)?.count ?? 0
        const hasContent = childrenOf(collection, 'patches').some((patches) => childrenOf(patches).length > 0)
        answers.set(name, {
          count: before + 1,
          isRefused: collection.attrs.type === 'error' || childrenOf(collection, 'error').length > 0,
          hasContent: hasContent || childrenOf(collection, 'snapshot').length > 0,
        })
      }
    }
  }

  async function fetch({ connection, store }: NonNullable<ReturnType<typeof link>>, names: readonly WAPatchName[]) {
    if (!store.creds.myAppStateKeyId) throw keyMissing()
    lacksKey = false
    try {
      await connection.during(connection.sock.resyncAppState(names, false))
    } catch (cause) {
      throw unanswered(cause)
    }
  }

  function linkOrThrow() {
    const linked = link()
    if (!linked) throw new SendError('The WhatsApp session is not connected.', { fate: 'not_sent' })
    return linked
  }

  /** From the beginning, whatever was read before. */
  async function readAll(name: WAPatchName): Promise<void> {
    const linked = linkOrThrow()
    answers.delete(name)
    linked.store.forgetVersion(name)
    await fetch(linked, [name])
    const answer = answers.get(name)
    if (!answer || answer.isRefused) throw unanswered()
    if (linked.store.hasVersion(name) || !answer.hasContent) return
    if (lacksKey) throw keyMissing()
    throw new SendError('What the phone shares could not be read. It is asked again.', { fate: 'not_sent' })
  }

  /** Baileys does not look at the answer to what it writes, so we do. */
  async function write(change: () => Promise<void>): Promise<void> {
    const name = collectionOf.labels
    for (let attempt = 1; ; attempt++) {
      answers.delete(name)
      const { connection, store } = linkOrThrow()
      if (!store.creds.myAppStateKeyId) throw keyMissing()
      try {
        await connection.during(change())
      } catch (cause) {
        if (cause instanceof ConnectionEnded || attempt === writesTried) throw unanswered(cause)
      }
      // It fetches what it missed first, then writes: an answer each.
      const answer = answers.get(name)
      if (answer && answer.count > 1 && !answer.isRefused && !answer.hasContent) return
      await readAll(name)
      if (attempt === writesTried)
        throw new SendError('The phone was changed at the same time. Try again.', { fate: 'unknown' })
    }
  }

  function exclusively(work: () => Promise<void>): Promise<void> {
    const run = readers.then(work)
    readers = run.catch(() => {})
    return run
  }

  return {
    listen(connection) {
      const { sock } = connection
      const emit = sock.ev.emit.bind(sock.ev)
      sock.ev.emit = (kind, given) => hear(sock, kind, given) || emit(kind, given)
      sock.ws.on('CB:iq', sawAnswer)
      isAwaited = false
      const again = () => {
        const linked = link()
        if (linked?.connection === connection) this.catchUp(connection)
      }
      sock.ev.on('creds.update', ({ myAppStateKeyId, accountSyncCounter }) => {
        const isNew =
          myAppStateKeyId !== undefined && !isAwaited && (options.store()?.creds.accountSyncCounter ?? 0) > 0
        // It may also have given up waiting for the phone.
        const isLate =
          accountSyncCounter !== undefined && !collections.some((name) => options.store()?.hasVersion(name))
        if (isNew || isLate) setImmediate(again)
      })
    },

    catchUp(connection) {
      const store = options.store()
      // At first it does this by itself, when the history comes.
      if (!store?.creds.myAppStateKeyId || !store.creds.accountSyncCounter) return
      void fetch({ connection, store }, collections).catch((error: unknown) =>
        log.debug({ err: error }, 'did not catch up with what devices share'),
      )
    },

    holdVersions(versions) {
      const store = options.store()
      // What was read by an earlier link means nothing to this one.
      if (held?.store !== store) held = { store, versions: {} }
      Object.assign(held.versions, versions)
      flushSoon()
    },
    missKey() {
      lacksKey = true
      isAwaited = true
    },
    isLearning: (pnUser) => learning.has(pnUser),

    read: (what) =>
      exclusively(async () => {
        await readAll(collectionOf[what])
        flush()
        let isHeard = false
        await lanes.add('app-state', async () => {
          isHeard = !isOver && (await options.tell({ type: 'book-read', what }))
        })
        if (!isHeard) throw new SendError('The WhatsApp session closed.', { fate: 'not_sent' })
      }),

    change: (change) =>
      exclusively(async () => {
        const { sock } = linkOrThrow().connection
        if (change.do === 'save' || change.do === 'delete') {
          const { labelId: id } = change
          const label = change.do === 'save' ? { name: change.name, color: change.color } : { deleted: true }
          return await write(() => sock.addLabel('', { id, ...label }))
        }
        if (change.do === 'put') return await write(() => sock.addChatLabel(change.chat, change.labelId))
        // It may have been put on either name of the chat.
        for (const chat of namesOf(change.chat, options.store()))
          await write(() => sock.removeChatLabel(chat, change.labelId))
      }),
  }
}

function namesOf(chat: string, store: AuthStore | null): string[] {
  const address = parseAddress(chat)
  if (!address || !store) return [chat]
  const user = userOf(address)
  const other = isLid(address) ? store.directory.pnOf(user) : store.directory.lidOf(user)
  return other ? [chat, `${other}@${isLid(address) ? 's.whatsapp.net' : 'lid'}`] : [chat]
}

const keyMissing = () =>
  new SendError('The phone has not shared the key to its contacts and labels yet. Open WhatsApp on the phone.', {
    fate: 'not_sent',
  })

const unanswered = (cause?: unknown) =>
  new SendError('WhatsApp did not answer. It is asked again.', { fate: 'unknown', cause })

const childrenOf = ({ content }: BinaryNode, tag?: string): BinaryNode[] =>
  Array.isArray(content) ? content.filter((child) => tag === undefined || child.tag === tag) : []
