import type { Database } from '@/db/client'
import type { Vault } from '@/db/vault'
import {
  SendError,
  type Ears,
  type Line,
  type LineEvent,
  type LineState,
  type OwnedSession,
  type Pairing,
  type ReachFaultPoint,
} from '@/lib/channel/channel'
import type { Clock } from '@/lib/clock'
import { LostOwnership } from '@/lib/errors'
import type { RemoteId } from '@/lib/ids'
import type { Log } from '@/lib/log'
import { createAppState } from './app-state'
import { loadAuthStore, type AuthStore, type StoreHooks } from './auth-store'
import { createCache } from './caches'
import { createPast, decide, type Ending } from './disconnects'
import type { Self } from './envelope'
import { digitsOf, formatLid, formatPn, parseAddress, personOf, userOf } from './ids'
import { createInbox, type Inbox } from './inbox'
import { createLanes } from './lanes'
import { createStanzaEars } from './hear-stanzas'
import { hearUpserts } from './hear-upserts'
import { lookUp } from './look-up'
import { accountOf, removeDevice } from './own-device'
import { createSender } from './sender'
import { openConnection, type Connection } from './socket'
import type { Commit } from './steps'
import type { WhatsAppTimings } from './timings'
import { prepare, unpack } from './to-whatsapp'

export interface LineOptions {
  db: Database
  vault: Vault
  log: Log
  clock: Clock
  commit: Commit
  timings: WhatsAppTimings
  reach: ReachFaultPoint
  webSocketUrl?: string | undefined
  version?: [number, number, number] | undefined
  /** Rules switched off for the control run of a fault test, which must then lose messages. */
  without?: { inbox?: boolean; keysFirst?: boolean } | undefined
  session: OwnedSession
  ears: Ears
}

type StateEvent = Extract<LineEvent, { type: 'state' }>

/** How one connection went, for the verdict on what to do next. */
interface Episode {
  ending: Ending
  openedAtMs: number | null
  /** The person took too long to scan. */
  isTooLate: boolean
  /** Linked with another number than this session's. */
  isMismatch: boolean
}

const nothingSaid: Ending = { code: 0, transport: true, qrExhausted: false, banSeconds: null }

export function createLine(options: LineOptions): Line {
  const { clock, ears, session, timings } = options
  const log = options.log.child({ sessionId: session.id, epoch: session.epoch })
  const owner = { sessionId: session.id, epoch: session.epoch }
  const closing = new AbortController()
  const deviceCache = createCache(clock, timings.deviceCacheMs)
  const retryCache = createCache(clock, 3_600_000)
  const telling = createLanes(64)

  let running: Promise<void> | null = null
  let isConcluding = false
  let connection: Connection | null = null
  let isOpen = false
  let store: AuthStore | null = null
  let isStoreDead = false
  let inbox: Inbox | null = null
  let isUnlinking = false
  /** The phone had removed the device already. */
  let isGone = false
  let pairing: { hasQr: boolean; code: Pairing | null; untilMs: number } = { hasQr: false, code: null, untilMs: 0 }

  const self = (): Self => {
    const me = store?.creds.me
    return { pnUser: me ? userOf(me.id) : null, lidUser: me?.lid ? userOf(me.lid) : null }
  }

  const stanzaEars = createStanzaEars({ clock, lanes: telling, self, tell, directory: () => store?.directory ?? null })

  const appState = createAppState({
    ...{ log, clock, lanes: telling, tell },
    link: () => (connection && isOpen && store ? { connection, store } : null),
    store: () => store,
  })

  const sender = createSender({
    link: () => (connection && isOpen && store ? { connection, store } : null),
    isMine: () => session.isMine() && !closing.signal.aborted,
    clock,
    ackWaitMs: timings.ackWaitMs,
    reach: options.reach,
    renew: () => connection?.end(true),
  })

  /** Tells the product until it has it. False: the line closes, and what was to be told must be told again by the next. */
  async function tell(event: LineEvent): Promise<boolean> {
    // Nobody listens to a line that is only there to take its leave; the next one tells what is left.
    for (let waitMs = timings.hearRetryMinMs; !closing.signal.aborted && !isUnlinking; waitMs *= 2) {
      try {
        await ears.hear(event)
        return true
      } catch (error) {
        if (error instanceof LostOwnership) {
          lose(error)
          return false
        }
        log.warn({ err: error, event: event.type }, 'could not hand over what was heard, trying again')
        await clock.sleep(Math.min(waitMs, timings.hearRetryMaxMs), closing.signal)
      }
    }
    return false
  }

  function say(state: LineState, more: Omit<StateEvent, 'type' | 'state'> = {}): Promise<void> {
    if (isUnlinking) return Promise.resolve()
    return telling.add('state', async () => {
      await tell({ type: 'state', state, ...more })
    })
  }

  /** Somebody else owns the session, or nothing can be stored: not one more frame. */
  function lose(error: Error): void {
    log.warn({ err: error }, 'line lost its session')
    closing.abort()
    connection?.end(true)
  }

  const hooks: StoreHooks = {
    beforeRead: (type) => sender.beforeRead(type),
    beforeWrite: (data) => sender.beforeWrite(data),
    sealInbox: (rows) => inbox?.seal(rows) ?? [],
    holdVersions: appState.holdVersions,
    onMissingKey: appState.missKey,
    afterInboxCommit: (rows) => inbox?.committed(rows),
    onMapping(pnUser, lidUser) {
      const me = self()
      if (pnUser === me.pnUser || lidUser === me.lidUser || !store || appState.isLearning(pnUser)) return
      const person = personOf([formatLid(lidUser), formatPn(pnUser)], null, store.directory)
      if (person) void telling.add('alias', async () => void (await tell({ type: 'alias', person })))
    },
    onDead(error) {
      if (error instanceof LostOwnership) return lose(error)
      // No database, no socket. What is in memory may now differ from what is stored, so it is read again.
      isStoreDead = true
      log.error({ err: error }, 'database did not take a write, closing the connection')
      connection?.end(true)
    },
  }

  let loading: Promise<AuthStore> | null = null
  function ensureStore(): Promise<AuthStore> {
    loading ??= loadStore().finally(() => (loading = null))
    return loading
  }

  async function loadStore(): Promise<AuthStore> {
    // Credentials of a linking that came to nothing cannot be used again.
    if (store && !isStoreDead && store.isLinked()) return store
    const vault = await options.vault.forTenant(session.locationId)
    const fresh = await loadAuthStore({
      db: options.db,
      commit: options.commit,
      vault,
      owner,
      clock,
      databaseWaitMs: timings.databaseWaitMs,
      hooks,
    })
    store = fresh
    isStoreDead = false
    // What is known of devices leaves out the device we were.
    if (!fresh.isLinked()) void deviceCache.flushAll()
    inbox ??= createInbox({
      db: options.db,
      vault,
      owner,
      clock,
      self,
      tell,
      isOurs: async (id) => sender.hasSent(id) || (await ears.recall(id).catch(() => null)) !== null,
      reach: options.reach,
      timings: { ...timings, maxRetries: 5 },
      keysFirst: options.without?.keysFirst !== true,
    })
    await inbox.load(fresh)
    return fresh
  }

  /** One connection, from its start until it has ended. */
  async function connectOnce(current: AuthStore, deadlineMs: () => number): Promise<Episode> {
    const episode: Episode = { ending: nothingSaid, openedAtMs: null, isTooLate: false, isMismatch: false }
    let qrCount = 0
    let toldName: string | null = null
    const box = inbox!
    const mine = openConnection({
      store: current,
      makeRepository: options.without?.inbox ? undefined : box.makeRepository,
      webSocketUrl: options.webSocketUrl,
      version: options.version,
      timings,
      log,
      deviceCache,
      retryCache,
      getMessage: (id) => recallMessage(id as RemoteId),
      on: {
        qr(text) {
          clearTimeout(loginTimer)
          if (connection !== mine) return
          if (!pairing.hasQr) {
            pairing.hasQr = true
            restartWindow()
            // A code dies with its connection, and that with the last of its six QRs.
            const qrsMs = timings.qrMs === null ? 160_000 : 6 * timings.qrMs
            pairing.untilMs = Math.min(deadlineMs(), clock.now().getTime() + qrsMs)
          }
          const lifeMs = timings.qrMs ?? (qrCount === 0 ? 60_000 : 20_000)
          qrCount += 1
          if (pairing.code) return
          const expiresAt = new Date(Math.min(clock.now().getTime() + lifeMs, deadlineMs()))
          void say('awaiting_link', { pairing: { kind: 'qr', text, expiresAt } })
        },
        paired() {
          clearTimers()
          const linked = accountOf(current)
          if (connection === mine && linked) void say('linking', { account: linked })
        },
        open() {
          clearTimers()
          if (connection !== mine) return
          const linked = accountOf(current)
          if (linked && session.phone && digitsOf(linked.phone) !== digitsOf(session.phone)) {
            episode.isMismatch = true
            void removeDevice(mine, clock, timings.unlinkMs).finally(() => mine.end())
            return
          }
          episode.openedAtMs = clock.monotonicMs()
          isOpen = true
          // By now WhatsApp has been told that we are here and hands out what waited; each message is told as it is
          // stored, without waiting for the last of them. Sending does not depend on the rest of the backlog.
          toldName = linked?.name ?? null
          if (linked) void say('connected', { account: linked })
          appState.catchUp(mine)
        },
        renamed() {
          const linked = accountOf(current)
          if (connection !== mine || !isOpen || !linked || linked.name === toldName) return
          toldName = linked.name
          void say('connected', { account: linked })
        },
        mayWrite() {
          if (connection !== null && connection !== mine) return false
          if (!isStoreDead && !closing.signal.aborted && session.isMine()) return true
          if (!closing.signal.aborted && !isStoreDead) lose(new LostOwnership(session.id))
          return false
        },
        wrote: () => sender.wrote(),
        ack: (node) => sender.sawAck(node),
        seeMessage: (node) => (options.without?.inbox ? undefined : box.sawStanza(node)?.then(() => true)),
        ...stanzaEars,
      },
    })
    connection = mine
    appState.listen(mine)
    if (options.without?.inbox) {
      hearUpserts(mine.sock, () => (connection === mine ? current.directory : null), tell, options.reach)
    }

    const endLate = () => {
      episode.isTooLate = true
      mine.end()
    }
    const loginTimer = setTimeout(() => mine.end(true), timings.loginTimeoutMs)
    let windowTimer: NodeJS.Timeout | undefined
    function restartWindow(): void {
      clearTimeout(windowTimer)
      windowTimer = setTimeout(endLate, Math.max(0, deadlineMs() - clock.now().getTime()))
    }
    function clearTimers(): void {
      clearTimeout(loginTimer)
      clearTimeout(windowTimer)
    }
    if (!current.isLinked()) restartWindow()
    if (closing.signal.aborted) mine.end(true)

    episode.ending = await mine.ended
    clearTimers()
    isOpen = false
    if (connection === mine) connection = null
    return episode
  }

  async function run(): Promise<void> {
    const past = createPast(timings)
    let qrDeadlineMs: number | null = null
    const startedAt = clock.now().getTime()
    pairing = { hasQr: false, code: null, untilMs: 0 }
    const deadlineMs = () => {
      if (!pairing.hasQr) return startedAt + timings.pairingWindowMs
      return (qrDeadlineMs ??= clock.now().getTime() + timings.pairingWindowMs)
    }
    void say('starting')

    while (!closing.signal.aborted) {
      let episode: Episode | null = null
      let isLinked = true
      try {
        const current = await ensureStore()
        if (closing.signal.aborted) return
        isLinked = current.isLinked()
        episode = await connectOnce(current, deadlineMs)
        isLinked = current.isLinked()
      } catch (error) {
        if (error instanceof LostOwnership) return lose(error)
        log.warn({ err: error }, 'could not start a connection')
      }
      if (closing.signal.aborted) return
      const ending = episode?.ending ?? nothingSaid
      const nowMs = clock.monotonicMs()

      if (episode?.isMismatch) return conclude('logged_out', { reason: 'paired_number_mismatch' }, true)
      if (!isLinked && (episode?.isTooLate || clock.now().getTime() >= deadlineMs())) {
        return conclude(
          pairing.hasQr ? 'unpaired' : 'failed',
          { reason: pairing.hasQr ? 'pairing_timeout' : 'network', code: ending.code },
          false,
        )
      }
      const openedAtMs = episode?.openedAtMs ?? null
      const before = past.ended(ending, openedAtMs === null ? null : nowMs - openedAtMs, nowMs)
      const verdict = decide(ending, isLinked, before, timings)
      log.info({ code: ending.code, reason: 'reason' in verdict ? verdict.reason : verdict.do }, 'connection ended')
      switch (verdict.do) {
        case 'restart':
          continue
        case 'renew':
          if (pairing.code) return conclude('unpaired', { reason: 'pairing_timeout' }, false)
          continue
        case 'stop': {
          const { state, reason, afterMs, forget } = verdict
          isGone = reason === 'phone_unlinked'
          const retryAt = afterMs === undefined ? {} : { retryAt: new Date(clock.now().getTime() + afterMs) }
          return conclude(state, { reason, ...retryAt, code: ending.code }, forget)
        }
        case 'retry': {
          const retryAt = new Date(clock.now().getTime() + verdict.afterMs)
          const state = isLinked ? 'reconnecting' : 'starting'
          void say(state, { reason: verdict.reason, attempt: past.failed(), retryAt, code: ending.code })
          if (!isLinked && pairing.code) pairing.code = null
          await clock.sleep(verdict.afterMs, closing.signal)
        }
      }
    }
  }

  /** The end of trying: told first, so that a crash in between cannot turn "log in again" into a silent new QR. */
  async function conclude(state: LineState, more: Omit<StateEvent, 'type' | 'state'>, forget: boolean): Promise<void> {
    // Whoever hears this may ask to connect again before the rest is done.
    isConcluding = true
    await say(state, more)
    if (forget) await forgetLink()
    store = null
  }

  async function forgetLink(): Promise<boolean> {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await store?.forget()
        return true
      } catch (error) {
        if (error instanceof LostOwnership) return false
        log.warn({ err: error }, 'could not erase the keys of a device that is logged out')
        await clock.sleep(200, closing.signal)
      }
    }
    return false
  }

  async function recallMessage(id: RemoteId) {
    const prepared = await ears.recall(id).catch(() => null)
    return prepared ? unpack(prepared) : undefined
  }

  async function hangUp(): Promise<void> {
    closing.abort()
    connection?.end()
    await within(timings.closeMs, [running])
    await inbox?.close(timings.closeMs)
    await within(timings.closeMs, [telling.idle()])
    await store?.retire(timings.closeMs)
  }

  async function within(ms: number, waitFor: (Promise<unknown> | null)[]): Promise<void> {
    const limit = new AbortController()
    await Promise.race([Promise.allSettled(waitFor), clock.sleep(ms, limit.signal)])
    limit.abort(null)
  }

  function connect(): void {
    if ((running && !isConcluding) || closing.signal.aborted) return
    isConcluding = false
    const mine: Promise<void> = (running ?? Promise.resolve())
      .then(run)
      .catch((error: unknown) => log.error({ err: error }, 'line stopped by a fault of its own'))
      .finally(() => {
        if (running === mine) running = null
      })
    running = mine
  }

  return {
    connect,

    async pairWithCode(phone) {
      if (!connection || !pairing.hasQr || !store || store.isLinked()) {
        throw new Error('A pairing code can be asked for only while the session is waiting to be linked.')
      }
      const digits = digitsOf(phone)
      if (!/^\d{6,15}$/.test(digits)) throw new Error('The phone number needs 6 to 15 digits, country code first.')
      const text = await connection.during(connection.sock.requestPairingCode(digits))
      pairing.code = { kind: 'code', text, expiresAt: new Date(pairing.untilMs) }
      return pairing.code
    },

    close: hangUp,

    async unlink() {
      isUnlinking = true
      const untilMs = clock.monotonicMs() + timings.unlinkMs
      let confirmed = false
      try {
        await ensureStore()
        if (store?.isLinked()) {
          connect()
          while (!isOpen && running && clock.monotonicMs() < untilMs) await clock.sleep(50, closing.signal)
          if (connection && isOpen) {
            confirmed = await removeDevice(connection, clock, Math.max(100, untilMs - clock.monotonicMs()))
          } else confirmed = isGone
        }
      } catch (error) {
        log.warn({ err: error }, 'could not unlink the device on WhatsApp')
      }
      const forgetting = store
      await hangUp()
      store = forgetting
      await forgetLink()
      return { confirmed }
    },

    async lookUp(phone) {
      if (!connection || !isOpen || !store)
        throw new SendError('The WhatsApp session is not connected.', { fate: 'not_sent' })
      return lookUp(connection, phone, store.directory)
    },

    prepare: async (_to, content) => prepare(content),
    send: (to, prepared, id) => sender.send(to, prepared, id),

    readBook: appState.read,
    changeLabel: appState.change,

    async showTyping(to) {
      try {
        if (connection && isOpen && parseAddress(to)) await connection.sock.sendPresenceUpdate('composing', to)
      } catch {
        // It is only a courtesy.
      }
    },
  }
}
