/**
 * What Baileys says of contacts and labels, taken where it is said: its event buffer merges a removal with what was there
 * before and dies with the socket. How far app state was read is stored behind what was heard of it, in the same lane.
 */
import type { BaileysEventMap, WASocket } from '@whiskeysockets/baileys'
import type { LineEvent, Person } from '@/lib/channel/channel'
import type { Clock } from '@/lib/clock'
import type { Log } from '@/lib/log'
import type { AuthStore } from './auth-store'
import { cleanName, personOf, userOf } from './ids'
import type { Lanes } from './lanes'

const perEvent = 500
/** How long the number behind a private id may take to become known. */
const numberWaitMs = 2_000

export type Versions = Record<string, unknown>

type ContactsEvent = Extract<LineEvent, { type: 'contacts' }>
interface HeardLabels {
  labels: Extract<LineEvent, { type: 'labels' }>['labels']
  marks: { labelId: string; jid: string; on: boolean }[]
}

export interface AppStateEars {
  /** Takes what a socket says; the rest it goes on to say to whoever else listens. */
  listen(sock: WASocket): void
  /** How far was read, to be stored when all of it has been heard. */
  holdVersions(versions: Versions): void
  /** Whether this number's private id is being learned from the address book, whose entries name both anyway. */
  isLearning(pnUser: string): boolean
  /** Tells this after everything said so far. False: the line is closing, something was not heard. */
  tellLast(event: LineEvent): Promise<boolean>
}

export interface AppStateEarsOptions {
  log: Log
  clock: Clock
  lanes: Lanes
  store(): AuthStore | null
  /** False: the line is closing, it was not heard. */
  tell(event: LineEvent): Promise<boolean>
}

export function createAppStateEars(options: AppStateEarsOptions): AppStateEars {
  const { log, clock, lanes } = options
  let contacts: ContactsEvent['contacts'] = []
  let labels: HeardLabels = { labels: [], marks: [] }
  let isFlushing = false
  let isOver = false
  let held: { store: AuthStore | null; versions: Versions } | null = null
  const learning = new Set<string>()
  /** Private ids whose number did not become known when it was waited for. */
  const numberless = new Set<string>()

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
  }

  function flushVersions(): void {
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
        flushVersions()
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

  return {
    listen(sock) {
      const emit = sock.ev.emit.bind(sock.ev)
      sock.ev.emit = (kind, given) => hear(sock, kind, given) || emit(kind, given)
    },
    holdVersions(versions) {
      const store = options.store()
      // What was read by an earlier link means nothing to this one.
      if (held?.store !== store) held = { store, versions: {} }
      Object.assign(held.versions, versions)
      flushSoon()
    },
    isLearning: (pnUser) => learning.has(pnUser),
    async tellLast(event) {
      flush()
      let isHeard = false
      await lanes.add('app-state', async () => {
        isHeard = !isOver && (await options.tell(event))
      })
      return isHeard
    },
  }
}
