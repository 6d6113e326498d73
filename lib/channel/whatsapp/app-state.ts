/**
 * The address book and the labels of an account, which all its devices share ("app state"). Baileys fetches the patches and
 * stores up to where it has read before it says what they changed, through a buffer that merges a removal with what was
 * there before and dies with the socket. So what it says is taken before that buffer, and how far it has read becomes
 * durable only when the product has heard it: after a crash the same patches are fetched and told again.
 */
import type { BinaryNode, WAPatchName } from '@whiskeysockets/baileys'
import { SendError, type LabelChange } from '@/lib/channel/channel'
import type { AuthStore } from './auth-store'
import { createAppStateEars, type AppStateEars, type AppStateEarsOptions } from './hear-app-state'
import { isLid, parseAddress, userOf } from './ids'
import { ConnectionEnded, type Connection } from './socket'

const collections = ['critical_block', 'critical_unblock_low', 'regular_high', 'regular_low', 'regular'] as const
const collectionOf = { contacts: 'critical_unblock_low', labels: 'regular' } as const satisfies Record<
  'contacts' | 'labels',
  WAPatchName
>
const writesTried = 3

export interface AppState extends Pick<AppStateEars, 'holdVersions' | 'isLearning'> {
  /** Takes from a connection what it says of contacts and labels. */
  listen(connection: Connection): void
  /** The connection is open: fetches what was missed, as far as nobody else does. */
  catchUp(connection: Connection): void
  /** A key was asked for that the phone has not shared. */
  missKey(): void
  read(what: 'contacts' | 'labels'): Promise<void>
  change(change: LabelChange): Promise<void>
}

export interface AppStateOptions extends AppStateEarsOptions {
  /** Null while no connection is open. */
  link(): { connection: Connection; store: AuthStore } | null
}

/** What WhatsApp answered last about a collection. */
interface Answer {
  count: number
  isRefused: boolean
  hasContent: boolean
}

export function createAppState(options: AppStateOptions): AppState {
  const { log, link } = options
  const ears = createAppStateEars(options)
  let lacksKey = false
  /** Baileys fetches by itself, once it has it, what this connection lacked a key for. */
  let isAwaited = false
  let readers = Promise.resolve()
  const answers = new Map<string, Answer>()

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
      ears.listen(sock)
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

    holdVersions: ears.holdVersions,
    isLearning: ears.isLearning,
    missKey() {
      lacksKey = true
      isAwaited = true
    },

    read: (what) =>
      exclusively(async () => {
        await readAll(collectionOf[what])
        const isHeard = await ears.tellLast({ type: 'book-read', what })
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
