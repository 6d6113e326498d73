import {
  Browsers,
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  isJidStatusBroadcast,
  makeWASocket,
  type BinaryNode,
  type CacheStore,
  type PossiblyExtendedCacheStore,
  type SocketConfig,
  type WASocket,
  type proto,
} from '@whiskeysockets/baileys'
import type { Log } from '@/lib/log'
import type { AuthStore } from './auth-store'
import type { Ending } from './disconnects'
import { libraryLogger } from './library-log'
import type { WhatsAppTimings } from './timings'

export interface ConnectionOptions {
  store: AuthStore
  makeRepository: SocketConfig['makeSignalRepository'] | undefined
  webSocketUrl?: string | undefined
  version?: [number, number, number] | undefined
  timings: WhatsAppTimings
  log: Log
  deviceCache: PossiblyExtendedCacheStore
  retryCache: CacheStore
  getMessage(id: string): Promise<proto.IMessage | undefined>
  on: ConnectionEvents
}

/** None of them may throw. A look that returns a promise holds the stanza back until it resolves; false drops it. */
export interface ConnectionEvents {
  qr(text: string): void
  paired(): void
  open(): void
  /** What is known of the own account changed. */
  renamed(): void
  /** Asked before every frame; false: it does not leave, and the line is done for. */
  mayWrite(): boolean
  wrote(): void
  ack(node: BinaryNode): void
  seeMessage(node: BinaryNode): Promise<boolean> | undefined
  seeReceipt(node: BinaryNode, confirm: () => Promise<void>): Promise<boolean> | undefined
  seeCall(node: BinaryNode): Promise<boolean> | undefined
}

/** One socket, from its start to its end. */
export interface Connection {
  readonly sock: WASocket
  /** Resolves once, never rejects. */
  readonly ended: Promise<Ending>
  /** The work's own end, or ConnectionEnded if the connection ends first: Baileys forgets what it waits for when it closes. */
  during<T>(work: Promise<T>): Promise<T>
  /** Ends it. `now` cuts the line without the closing words. */
  end(now?: boolean): void
}

export class ConnectionEnded extends Error {
  constructor() {
    super('the connection to WhatsApp ended')
    this.name = 'ConnectionEnded'
  }
}

/** What is needed of the socket inside Baileys' own. */
interface RawSocket {
  send(data: Uint8Array, done?: (error?: Error) => void): void
  terminate(): void
}

const ignored = (jid: string) =>
  Boolean(isJidGroup(jid) || isJidStatusBroadcast(jid) || isJidNewsletter(jid) || isJidBroadcast(jid))

export function openConnection(options: ConnectionOptions): Connection {
  const { store, timings, on } = options
  const sock = makeWASocket({
    auth: { creds: store.creds, keys: store.keys },
    logger: libraryLogger(options.log),
    browser: Browsers.macOS('Chrome'),
    ...(options.webSocketUrl && { waWebSocketUrl: options.webSocketUrl }),
    ...(options.version && { version: options.version }),
    ...(options.makeRepository && { makeSignalRepository: options.makeRepository }),
    connectTimeoutMs: timings.connectTimeoutMs,
    keepAliveIntervalMs: timings.keepAliveMs,
    defaultQueryTimeoutMs: timings.queryTimeoutMs,
    retryRequestDelayMs: timings.retryRequestDelayMs,
    ...(timings.qrMs !== null && { qrTimeout: timings.qrMs }),
    // Being shown as online would silence the notifications on the owner's phone.
    markOnlineOnConnect: false,
    syncFullHistory: false,
    emitOwnEvents: false,
    generateHighQualityLinkPreview: false,
    appStateMacVerification: { patch: true, snapshot: true },
    shouldIgnoreJid: ignored,
    getMessage: (key) => (key.id ? options.getMessage(key.id) : Promise.resolve(undefined)),
    userDevicesCache: options.deviceCache,
    msgRetryCounterCache: options.retryCache,
    // The store waits for the database itself; a second retry around it would only hold locks longer.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
  })
  catchRejections(sock, options.log, () => end(true))
  const raw = (sock.ws as unknown as { socket: RawSocket }).socket
  guardFrames(raw, store, on)

  let hasEnded = false
  let cutTimer: NodeJS.Timeout | undefined
  // A set, and not callbacks on one promise: those would pile up for as long as the connection lasts.
  const cuts = new Set<() => void>()
  const ended = new Promise<Ending>((resolve) => {
    sock.ev.on('connection.update', (update) => {
      if (update.connection === 'close') {
        // Buffered events go down with the socket otherwise.
        sock.ev.flush()
        hasEnded = true
        clearTimeout(cutTimer)
        for (const cut of cuts) cut()
        cuts.clear()
        resolve(endingOf(update.lastDisconnect?.error))
      } else if (update.connection === 'open') {
        on.open()
      } else if (update.isNewLogin) {
        on.paired()
      } else if (update.qr) {
        on.qr(update.qr)
      }
    })
  })
  sock.ev.on('creds.update', (update) => {
    store.saveCreds()
    if (update.me) on.renamed()
  })
  sock.ws.on('CB:ack,class:message', (node: BinaryNode) => on.ack(node))
  interceptMessages(sock, (node) => on.seeMessage(node))
  intercept(sock, 'CB:receipt', (node) => on.seeReceipt(node, () => sock.sendMessageAck(node)))
  intercept(sock, 'CB:call', (node) => on.seeCall(node))

  function end(now = false): void {
    if (hasEnded) return
    sock.ev.flush()
    if (now) raw.terminate()
    void sock.end(undefined)
    // A server that does not answer the closing words would keep the socket for half a minute.
    cutTimer ??= setTimeout(() => raw.terminate(), 500)
  }

  return {
    sock,
    ended,
    during(work) {
      return new Promise((resolve, reject) => {
        const cut = () => reject(new ConnectionEnded())
        if (hasEnded) cut()
        else cuts.add(cut)
        void work.then(resolve, reject).finally(() => cuts.delete(cut))
      })
    },
    end,
  }
}

/**
 * Puts a gate where the bytes leave. Ownership is asked for each frame, and no frame overtakes what it builds on: keys we
 * announced, pairings we confirmed and ratchet steps we used must survive us.
 */
function guardFrames(raw: RawSocket, store: AuthStore, on: ConnectionEvents): void {
  const send = raw.send.bind(raw)
  const held: (() => void)[] = []
  let isHolding = false

  async function release(): Promise<void> {
    for (let saving = store.saving(); saving; saving = store.saving()) await saving
    isHolding = false
    for (const write of held.splice(0)) write()
  }

  raw.send = (data, done) => {
    const write = () => {
      if (!on.mayWrite()) {
        done?.(new Error('this process does not own the session any more'))
        return
      }
      on.wrote()
      send(data, done)
    }
    if (!isHolding && !store.saving()) return write()
    held.push(write)
    if (!isHolding) {
      isHolding = true
      void release()
    }
  }
}

/**
 * Baileys answers some stanzas in listeners whose promise nobody holds. Where the answer cannot be written, because the
 * line was cut that moment, the rejection would end the process and every other line in it.
 */
function catchRejections(sock: WASocket, log: Log, unreadable: () => void): void {
  for (const event of sock.ws.eventNames()) {
    const listeners = sock.ws.listeners(event) as ((...given: unknown[]) => unknown)[]
    sock.ws.removeAllListeners(event)
    for (const listener of listeners) {
      sock.ws.on(event, (...given: unknown[]) => {
        const result = listener(...given)
        if (!(result instanceof Promise)) return result
        return result.catch((error: unknown) => {
          log.debug({ err: error, event: String(event).slice(0, 40) }, 'a stanza was not answered')
          // Bytes that do not decipher put both ends out of step for good.
          if (event === 'message') unreadable()
        })
      })
    }
  }
}

type Listener = (node: BinaryNode) => unknown

function takeListeners(sock: WASocket, event: string): Listener[] {
  const listeners = sock.ws.listeners(event) as Listener[]
  sock.ws.removeAllListeners(event)
  return listeners
}

/** Looks at a kind of stanza before Baileys does. */
function intercept(sock: WASocket, event: string, look: (node: BinaryNode) => Promise<boolean> | undefined): void {
  const listeners = takeListeners(sock, event)
  const pass = (node: BinaryNode) => {
    for (const listener of listeners) listener(node)
  }
  sock.ws.on(event, (node: BinaryNode) => {
    const looking = look(node)
    if (!looking) pass(node)
    else void looking.then((goOn) => goOn && pass(node))
  })
}

/**
 * Hands messages to Baileys one by one. By itself it lets a message overtake another while it looks up the sender of the
 * first, and a live one overtake the backlog, which it keeps in a queue of its own; so nothing is shown to it as backlog.
 */
function interceptMessages(sock: WASocket, look: (node: BinaryNode) => Promise<boolean> | undefined): void {
  const listeners = takeListeners(sock, 'CB:message')
  const waiting: BinaryNode[] = []
  let isBusy = false

  async function work(): Promise<void> {
    // What a closed socket has not confirmed comes again with the next.
    for (let node = waiting.shift(), count = 1; node && sock.ws.isOpen; node = waiting.shift(), count++) {
      if ((await look(node)) === false) continue
      const { offline: _, ...attrs } = node.attrs
      // Baileys' listeners catch what they throw; their promises are over when the message has been dealt with.
      for (const listener of listeners) await listener({ ...node, attrs })
      if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    isBusy = false
  }

  sock.ws.on('CB:message', (node: BinaryNode) => {
    waiting.push(node)
    if (isBusy) return
    isBusy = true
    void work()
  })
}

function endingOf(error: unknown): Ending {
  const nothing = { transport: true, qrExhausted: false, banSeconds: null }
  if (!(error instanceof Error) || !('output' in error) || !isRecord(error.output)) return { ...nothing, code: 0 }
  const data: unknown = 'data' in error ? error.data : undefined
  const expire = isRecord(data) ? (data.expire ?? (isRecord(data.attrs) ? data.attrs.expire : undefined)) : undefined
  return {
    code: Number(error.output.statusCode),
    transport: error.message.startsWith('WebSocket Error'),
    qrExhausted: error.message === 'QR refs attempts ended',
    banSeconds: Number(expire) > 0 ? Number(expire) : null,
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
