import makeWASocket, {
  BufferJSON,
  initAuthCreds,
  type proto,
  type AuthenticationCreds,
  type ConnectionState,
  type SignalDataTypeMap,
  type SignalKeyStore,
  type UserFacingSocketConfig,
  type WAMessage,
  type WAMessageUpdate,
  type WASocket,
} from '@whiskeysockets/baileys'
import pino from 'pino'
import { quietLibsignal } from './signal/quiet'

quietLibsignal()

type Update = Partial<ConnectionState>
type Seen =
  | { kind: 'connection'; update: Update }
  | { kind: 'message'; type: string; message: WAMessage }
  | { kind: 'update'; update: WAMessageUpdate }
  | { kind: 'event'; name: string; value: unknown }

export interface BareAuth {
  creds: AuthenticationCreds
  keys: SignalKeyStore
  /** A deep copy of creds and keys as they are now, as a backup would hold them. */
  snapshot(): BareAuth
}

export function memoryAuth(from?: { creds: AuthenticationCreds; data: Map<string, unknown> }): BareAuth {
  const data = from?.data ?? new Map<string, unknown>()
  const creds = from?.creds ?? initAuthCreds()
  return {
    creds,
    keys: {
      get: (type, ids) =>
        Object.fromEntries(
          ids.flatMap((id) => (data.has(`${type} ${id}`) ? [[id, data.get(`${type} ${id}`)]] : [])),
        ) as {
          [id: string]: SignalDataTypeMap[typeof type]
        },
      set: (changes) => {
        for (const [type, values] of Object.entries(changes)) {
          for (const [id, value] of Object.entries(values ?? {})) {
            if (value === null) data.delete(`${type} ${id}`)
            else data.set(`${type} ${id}`, value)
          }
        }
      },
    },
    snapshot: () => memoryAuth({ creds: copied(creds), data: new Map(copied([...data])) }),
  }
}

/** What Baileys knows of its contacts' devices, kept from one socket to the next. */
export function deviceCache(): NonNullable<UserFacingSocketConfig['userDevicesCache']> {
  const known = new Map<string, unknown>()
  return {
    get: <T>(key: string) => known.get(key) as T | undefined,
    set: (key, value) => void known.set(key, value),
    del: (key) => void known.delete(key),
    flushAll: () => known.clear(),
  }
}

function copied<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, BufferJSON.replacer), BufferJSON.reviver) as T
}

const WAIT_MS = Number(process.env.BARE_APP_WAIT_MS ?? 30_000)

/** Unmodified Baileys with its keys in memory, and a record of everything it emitted. Drives the emulator in tests. */
export class BareApp {
  readonly seen: Seen[] = []
  socket!: WASocket
  private readonly waiting = new Set<() => void>()
  /** Messages it can send again when a receiver asks. */
  readonly sent = new Map<string, proto.IMessage>()

  constructor(
    private readonly webSocketUrl: string,
    readonly auth: BareAuth = memoryAuth(),
    private readonly config: Partial<UserFacingSocketConfig> = {},
  ) {}

  connect(config: Partial<UserFacingSocketConfig> = {}): this {
    const socket = makeWASocket({
      auth: this.auth,
      waWebSocketUrl: this.webSocketUrl,
      logger: pino({ level: process.env.BAILEYS_LOG ?? 'silent' }),
      markOnlineOnConnect: false,
      syncFullHistory: false,
      retryRequestDelayMs: 1,
      getMessage: async ({ id }) => this.sent.get(id ?? ''),
      ...this.config,
      ...config,
    })
    this.socket = socket
    socket.ev.process((events) => {
      for (const [name, value] of Object.entries(events)) this.hear(name, value)
      for (const check of this.waiting) check()
    })
    return this
  }

  private hear(name: string, value: unknown): void {
    if (name === 'creds.update') Object.assign(this.auth.creds, value)
    else if (name === 'connection.update') this.seen.push({ kind: 'connection', update: value as Update })
    else if (name === 'messages.upsert') {
      const { type, messages } = value as { type: string; messages: WAMessage[] }
      for (const message of messages) this.seen.push({ kind: 'message', type, message })
    } else if (name === 'messages.update') {
      for (const update of value as WAMessageUpdate[]) this.seen.push({ kind: 'update', update })
    } else this.seen.push({ kind: 'event', name, value })
  }

  /** Resolves with the first thing seen, past or to come, for which `pick` returns something. */
  waitFor<T>(what: string, pick: (seen: Seen) => T | undefined, from = 0, timeoutMs = WAIT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      let next = from
      const timer = setTimeout(() => {
        this.waiting.delete(check)
        reject(new Error(`Baileys did not report ${what} within ${timeoutMs} ms`))
      }, timeoutMs)
      const check = () => {
        for (; next < this.seen.length; next++) {
          const entry = this.seen[next]
          const found = entry && pick(entry)
          if (found === undefined) continue
          clearTimeout(timer)
          this.waiting.delete(check)
          resolve(found)
          return
        }
      }
      this.waiting.add(check)
      check()
    })
  }

  /** Resolves once `look`, asked now and after every event, returns something. */
  waitForAny<T>(what: string, look: () => T | undefined, timeoutMs = WAIT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(check)
        reject(new Error(`Baileys did not report ${what} within ${timeoutMs} ms`))
      }, timeoutMs)
      const check = () => {
        const found = look()
        if (found === undefined) return
        clearTimeout(timer)
        this.waiting.delete(check)
        resolve(found)
      }
      this.waiting.add(check)
      check()
    })
  }

  qr(from = 0): Promise<string> {
    return this.waitFor('a QR code', (seen) => (seen.kind === 'connection' ? seen.update.qr : undefined), from)
  }

  open(from = 0): Promise<true> {
    return this.waitFor(
      'an open connection',
      (seen) => (seen.kind === 'connection' && seen.update.connection === 'open' ? true : undefined),
      from,
    )
  }

  /** The code the connection was closed with. */
  closed(from = 0): Promise<number> {
    return this.waitFor(
      'a closed connection',
      (seen) => {
        if (seen.kind !== 'connection' || seen.update.connection !== 'close') return undefined
        const error = seen.update.lastDisconnect?.error as { output?: { statusCode?: number } } | undefined
        return error?.output?.statusCode ?? 0
      },
      from,
    )
  }

  message(fits: (message: WAMessage, type: string) => boolean, from = 0): Promise<WAMessage> {
    return this.waitFor(
      'a message',
      (seen) => (seen.kind === 'message' && fits(seen.message, seen.type) ? seen.message : undefined),
      from,
    )
  }

  text(text: string, from = 0): Promise<WAMessage> {
    return this.message(({ message }) => textOf(message) === text, from)
  }

  /** The status of a message the app sent, whether it came as an update or folded into the upsert. */
  status(id: string, atLeast: number, from = 0): Promise<number> {
    return this.waitFor(
      `status ${atLeast} of ${id}`,
      (seen) => {
        const status =
          seen.kind === 'update' && seen.update.key.id === id
            ? seen.update.update.status
            : seen.kind === 'message' && seen.message.key.id === id
              ? seen.message.status
              : undefined
        return typeof status === 'number' && status >= atLeast ? status : undefined
      },
      from,
    )
  }

  /** The code a message was refused with. Baileys reports it as an update, or folds it into the message itself. */
  refusal(id: string): Promise<string> {
    return this.waitFor(`the refusal of ${id}`, (seen) => {
      if (seen.kind === 'update' && seen.update.key.id === id && seen.update.update.status === 0) {
        return seen.update.update.messageStubParameters?.[0] ?? ''
      }
      if (seen.kind === 'message' && seen.message.key.id === id && seen.message.status === 0) {
        return seen.message.messageStubParameters?.[0] ?? ''
      }
      return undefined
    })
  }

  async send(jid: string, text: string, messageId?: string): Promise<string> {
    const sent = await this.socket.sendMessage(jid, { text }, messageId === undefined ? {} : { messageId })
    const id = sent?.key.id ?? ''
    if (sent?.message) this.sent.set(id, sent.message)
    return id
  }

  /** Links this app to a phone as a person would, and logs it in. */
  async linkByQr(phone: { scan(qrText: string): Promise<unknown> }): Promise<void> {
    this.connect()
    await phone.scan(await this.qr())
    await this.closed()
    await this.reconnect()
  }

  async reconnect(config: Partial<UserFacingSocketConfig> = {}): Promise<void> {
    const from = this.seen.length
    this.connect(config)
    await this.open(from)
  }

  /** Ends the connection as a clean stop does. */
  async stop(): Promise<void> {
    await this.socket?.end(undefined)
  }
}

export function textOf(message: proto.IMessage | null | undefined): string | undefined {
  return message?.conversation ?? message?.extendedTextMessage?.text ?? undefined
}
