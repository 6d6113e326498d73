import { signalPair, type DeviceKeys } from './device-keys'
import {
  signal,
  type SessionCipher,
  type SessionEntry,
  type SessionRecord,
  type SignalBundle,
  type SignalStorage,
} from './libsignal'

const CHAINS_KEPT = 40
const CLOSED_KEPT = 40
const RECEIVING = 2

/** Why a device could not read a message. `old-counter` means that very message key was used before. */
export type UnreadableReason = 'old-counter' | 'no-session' | 'bad-message'

export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
  constructor(
    readonly reason: UnreadableReason,
    cause: unknown,
  ) {
    super(`The message could not be decrypted (${reason})`, { cause })
  }
}

/** libsignal prints whole sessions, private keys included, when it closes or drops one. This one keeps quiet. */
class QuietRecord extends signal.SessionRecord {
  /** While set, asking for the open session closes it: that is what libsignal is about to do, with a warning. */
  isReplacing = false

  override getOpenSession(): SessionEntry | undefined {
    const open = super.getOpenSession()
    if (open && this.isReplacing) {
      open.indexInfo.closed = Date.now()
      return undefined
    }
    return open
  }

  override closeSession(session: SessionEntry): void {
    if (session.indexInfo.closed === -1) session.indexInfo.closed = Date.now()
  }

  override removeOldSessions(): void {
    const closed = Object.entries(this.sessions)
      .filter(([, session]) => session.indexInfo.closed !== -1)
      .sort(([, a], [, b]) => a.indexInfo.closed - b.indexInfo.closed)
    for (const [id] of closed.slice(0, Math.max(0, closed.length - CLOSED_KEPT))) delete this.sessions[id]
  }
}

function isOldCounter(error: unknown): boolean {
  return error instanceof Error && error.name === 'MessageCounterError'
}

/** libsignal moves a ratchet before it has verified the message, so a failed try is rolled back here. */
async function tryOn(cipher: SessionCipher, data: Buffer, session: SessionEntry): Promise<Buffer> {
  const before = session.serialize()
  try {
    return await signal.SessionCipher.prototype.doDecryptWhisperMessage.call(cipher, data, session)
  } catch (error) {
    const restored = (Object.getPrototypeOf(session) as object).constructor as unknown as {
      deserialize(data: unknown): SessionEntry
    }
    Object.assign(session, restored.deserialize(before))
    throw error
  }
}

class QuietCipher extends signal.SessionCipher {
  // Callers already wait their turn per phone; libsignal's own queue is one for the whole process.
  override queueJob<T>(job: () => Promise<T>): Promise<T> {
    return job()
  }

  override doDecryptWhisperMessage(data: Buffer, session: SessionEntry): Promise<Buffer> {
    return tryOn(this, data, session)
  }

  override async decryptPreKeyWhisperMessage(data: Buffer): Promise<Buffer> {
    const record = this.storage.loadSession(this.addr.toString()) as QuietRecord
    const before = Object.entries(record.sessions).map(([id, entry]) => ({ id, entry, closed: entry.indexInfo.closed }))
    record.isReplacing = true
    try {
      return await super.decryptPreKeyWhisperMessage(data)
    } catch (error) {
      record.sessions = Object.fromEntries(before.map(({ id, entry }) => [id, entry]))
      for (const { entry, closed } of before) entry.indexInfo.closed = closed
      throw error
    } finally {
      record.isReplacing = false
    }
  }

  override async decryptWithSessions(data: Buffer, sessions: SessionEntry[]) {
    let last: unknown = new Error('No session')
    for (const session of sessions) {
      try {
        const plaintext = await this.doDecryptWhisperMessage(data, session)
        session.indexInfo.used = Date.now()
        return { session, plaintext }
      } catch (error) {
        if (isOldCounter(error)) throw error
        last = error
      }
    }
    throw last
  }
}

/** All Signal sessions of one emulated phone, by the device at the other end, `<number>:<device>`. */
export class Sessions {
  private readonly records = new Map<string, SessionRecord>()
  private readonly ciphers = new Map<string, SessionCipher>()
  private readonly storage: SignalStorage

  constructor(
    private readonly owner: string,
    private readonly keys: DeviceKeys,
    saved: [string, unknown][] = [],
  ) {
    for (const [address, data] of saved) {
      const record = signal.SessionRecord.deserialize(data)
      this.records.set(address, Object.assign(new QuietRecord(), { sessions: record.sessions }))
    }
    const identity = signalPair(keys.identity)
    this.storage = {
      loadSession: (address: string) => this.record(address),
      storeSession: (address: string, record: SessionRecord) => void this.records.set(address, record),
      isTrustedIdentity: () => true,
      loadPreKey: (id: number) => keys.oneTimeKey(id),
      removePreKey: (id: number) => keys.useOneTimeKey(id),
      loadSignedPreKey: () => signalPair(keys.signedPreKey().pair),
      getOurRegistrationId: () => keys.registrationId,
      getOurIdentity: () => identity,
    }
  }

  save(): [string, unknown][] {
    return [...this.records].map(([address, record]) => [address, record.serialize()])
  }

  has(peer: string): boolean {
    return this.records.get(this.addressOf(peer))?.haveOpenSession() ?? false
  }

  forget(peer: string): void {
    this.records.delete(this.addressOf(peer))
  }

  async open(peer: string, bundle: SignalBundle): Promise<void> {
    await new signal.SessionBuilder(this.storage, this.protocolAddress(peer)).initOutgoing(bundle)
  }

  async encrypt(peer: string, plaintext: Buffer): Promise<{ type: 'pkmsg' | 'msg'; body: Buffer }> {
    const { type, body } = await this.cipher(peer).encrypt(plaintext)
    return { type: type === 3 ? 'pkmsg' : 'msg', body: Buffer.from(body) }
  }

  /** Throws UnreadableError, and then leaves every session as it was. */
  async decrypt(peer: string, type: string, ciphertext: Buffer): Promise<Buffer> {
    const cipher = this.cipher(peer)
    try {
      const plaintext =
        type === 'pkmsg'
          ? await cipher.decryptPreKeyWhisperMessage(ciphertext)
          : await cipher.decryptWhisperMessage(ciphertext)
      this.prune(peer)
      return Buffer.from(plaintext)
    } catch (error) {
      const known = this.records.get(this.addressOf(peer))
      const reason = isOldCounter(error)
        ? 'old-counter'
        : known && known.getSessions().length > 0
          ? 'bad-message'
          : 'no-session'
      throw new UnreadableError(reason, error)
    }
  }

  // libsignal never drops the chains of past ratchet steps, so a long chat would slow down for ever.
  private prune(peer: string): void {
    for (const session of this.record(this.addressOf(peer)).getSessions()) {
      const chains = Object.entries(session._chains)
      if (chains.length <= CHAINS_KEPT) continue
      const spent = chains.filter(([, chain]) => chain.chainType === RECEIVING && chain.chainKey.key === undefined)
      for (const [id] of spent.slice(0, chains.length - CHAINS_KEPT)) delete session._chains[id]
    }
  }

  private record(address: string): SessionRecord {
    let record = this.records.get(address)
    if (!record) {
      record = new QuietRecord()
      this.records.set(address, record)
    }
    return record
  }

  private cipher(peer: string): SessionCipher {
    let cipher = this.ciphers.get(peer)
    if (!cipher) {
      cipher = new QuietCipher(this.storage, this.protocolAddress(peer))
      this.ciphers.set(peer, cipher)
    }
    return cipher
  }

  // The owner is part of the name because libsignal keeps one job queue per name for the whole process.
  private protocolAddress(peer: string): object {
    const [number = '', device = '0'] = peer.split(':')
    return new signal.ProtocolAddress(`${this.owner}>${number}`, Number(device))
  }

  private addressOf(peer: string): string {
    const [number = '', device = '0'] = peer.split(':')
    return `${this.owner}>${number}.${device}`
  }
}
