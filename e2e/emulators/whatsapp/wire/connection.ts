import type { proto } from '@whiskeysockets/baileys'
import type { RawData, WebSocket } from 'ws'
import type { KeyPair } from './certificate'
import type { Ending } from './endings'
import { decodeNode, encodeNode, type Node } from './node'
import { NoiseServer } from './noise'

const INTRO_LENGTH = 4

export interface Handshake {
  clientStatic: Buffer
  payload: proto.ClientPayload
}

export interface ConnectionListener {
  /** Called once, `graceMs` after the client's last handshake message. */
  onReady(handshake: Handshake): void
  onNode(stanza: Node): void
  onBroken(reason: string): void
  onClose(): void
}

let lastId = 0

/** One WebSocket of one client: frames, noise and nodes, and nothing about what they mean. */
export class Connection {
  readonly id = ++lastId
  listener?: ConnectionListener
  isEnded = false
  private noise?: NoiseServer
  private greeted = false
  private pending: Buffer = Buffer.alloc(0)
  private readonly heldBack: Node[] = []
  private isReady = false

  constructor(
    private readonly socket: WebSocket,
    private readonly keys: { serverStatic: KeyPair; chain: Buffer },
    // Clients attach their handler only after sending the finish, and older ones lose what comes before.
    private readonly graceMs: number,
  ) {
    socket.on('message', (data) => this.hear(data))
    socket.on('close', () => {
      this.isEnded = true
      this.listener?.onClose()
    })
    socket.on('error', () => socket.terminate())
  }

  send(stanza: Node): void {
    if (this.isEnded || !this.noise?.isOpen) return
    this.sendFrame(this.noise.encrypt(encodeNode(stanza)))
  }

  /** Bytes that are no node, in a frame that deciphers properly. */
  sendGarbage(bytes: Buffer): void {
    if (this.noise?.isOpen) this.sendFrame(this.noise.encrypt(bytes))
  }

  /** Bytes that were never enciphered. */
  sendUnsealed(bytes: Buffer): void {
    this.sendFrame(bytes)
  }

  end({ last, cut }: Ending): void {
    if (this.isEnded) return
    if (last) this.send(last)
    this.isEnded = true
    if (cut) {
      this.socket.terminate()
      return
    }
    this.socket.close()
    setTimeout(() => this.socket.terminate(), 1_000).unref()
  }

  private sendFrame(body: Buffer): void {
    const frame = Buffer.allocUnsafe(3 + body.length)
    frame.writeUIntBE(body.length, 0, 3)
    body.copy(frame, 3)
    this.socket.send(frame)
  }

  private hear(data: RawData): void {
    try {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)
      this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes])
      if (!this.greeted && !this.readIntro()) return
      for (let body = this.nextFrame(); body && !this.isEnded; body = this.nextFrame()) this.hearFrame(body)
    } catch (error) {
      this.listener?.onBroken(error instanceof Error ? error.message : String(error))
      this.end({ cut: true })
    }
  }

  private readIntro(): boolean {
    let start = 0
    if (this.pending.length < INTRO_LENGTH) return false
    if (this.pending.subarray(0, 2).toString('latin1') === 'ED') {
      if (this.pending.length < 7) return false
      start = 7 + this.pending.readUIntBE(4, 3)
    }
    if (this.pending.length < start + INTRO_LENGTH) return false
    const header = Buffer.from(this.pending.subarray(start, start + INTRO_LENGTH))
    if (header.subarray(0, 2).toString('latin1') !== 'WA') throw new Error('The connection did not start with WA')
    this.pending = this.pending.subarray(start + INTRO_LENGTH)
    this.noise = new NoiseServer(header, this.keys.serverStatic, this.keys.chain)
    this.greeted = true
    return true
  }

  private nextFrame(): Buffer | undefined {
    if (this.pending.length < 3) return undefined
    const size = this.pending.readUIntBE(0, 3)
    if (this.pending.length < 3 + size) return undefined
    const body = this.pending.subarray(3, 3 + size)
    this.pending = this.pending.subarray(3 + size)
    return body
  }

  private handshakeStep = 0

  private hearFrame(body: Buffer): void {
    const noise = this.noise
    if (!noise) return
    if (noise.isOpen) {
      const stanza = decodeNode(noise.decrypt(body))
      if (this.isReady) this.listener?.onNode(stanza)
      else this.heldBack.push(stanza)
      return
    }
    if (this.handshakeStep++ === 0) {
      this.sendFrame(noise.answerHello(body))
      return
    }
    const handshake = noise.hearFinish(body)
    setTimeout(() => {
      if (this.isEnded) return
      this.isReady = true
      this.listener?.onReady(handshake)
      for (const stanza of this.heldBack.splice(0)) this.listener?.onNode(stanza)
    }, this.graceMs)
  }
}
