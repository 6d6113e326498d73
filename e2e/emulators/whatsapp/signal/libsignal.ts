import * as libsignal from 'libsignal'

/** What this emulator uses of libsignal, whose own declarations leave most of it out. */
export interface SignalKeyPair {
  pubKey: Buffer
  privKey: Buffer
}

export interface SessionEntry {
  indexInfo: { used: number; closed: number; baseKey: Buffer }
  getChain(key: Buffer): object | undefined
  serialize(): { _chains: Record<string, { chainKey: { key?: string }; chainType: number }> }
  _chains: Record<string, { chainKey: { key?: Buffer }; chainType: number }>
}

export interface SessionRecord {
  sessions: Record<string, SessionEntry>
  getSessions(): SessionEntry[]
  getOpenSession(): SessionEntry | undefined
  removeOldSessions(): void
  haveOpenSession(): boolean
  closeSession(session: SessionEntry): void
  isClosed(session: SessionEntry): boolean
  serialize(): unknown
}

export interface SignalStorage {
  loadSession(address: string): SessionRecord
  storeSession(address: string, record: SessionRecord): void
  isTrustedIdentity(): boolean
  loadPreKey(id: number): SignalKeyPair | undefined
  removePreKey(id: number): void
  loadSignedPreKey(): SignalKeyPair
  getOurRegistrationId(): number
  getOurIdentity(): SignalKeyPair
}

export interface SignalBundle {
  registrationId: number
  identityKey: Buffer
  signedPreKey: { keyId: number; publicKey: Buffer; signature: Buffer }
  preKey?: { keyId: number; publicKey: Buffer }
}

export interface SessionCipher {
  addr: object
  storage: SignalStorage
  queueJob<T>(job: () => Promise<T>): Promise<T>
  encrypt(data: Buffer): Promise<{ type: number; body: Buffer }>
  decryptWhisperMessage(data: Buffer): Promise<Buffer>
  decryptPreKeyWhisperMessage(data: Buffer): Promise<Buffer>
  doDecryptWhisperMessage(data: Buffer, session: SessionEntry): Promise<Buffer>
  decryptWithSessions(data: Buffer, sessions: SessionEntry[]): Promise<{ session: SessionEntry; plaintext: Buffer }>
}

interface Library {
  ProtocolAddress: new (name: string, device: number) => object
  SessionRecord: (new () => SessionRecord) & { deserialize(data: unknown): SessionRecord }
  SessionBuilder: new (storage: SignalStorage, address: object) => { initOutgoing(bundle: SignalBundle): Promise<void> }
  SessionCipher: new (storage: SignalStorage, address: object) => SessionCipher
}

// The library's declarations are narrower than the library; the shapes above were read from its source (6.0.0).
export const signal = libsignal as unknown as Library
