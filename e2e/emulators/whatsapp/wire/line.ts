import type { Companion } from '../companion'
import type { Phone } from '../phone'
import type { World } from '../world'
import type { Connection } from './connection'
import type { Ending } from './endings'
import { answerQuery } from './queries'
import { hearMessage } from './messages'
import { hearAck, hearReceipt } from './receipts'
import { hearChatState, hearPresence } from './presence'
import type { Node } from './node'

/** One linked device that is logged in over one connection. */
export class Line {
  /** Set once the device asked for its messages: nothing queued is written before. */
  isActive = false
  isAvailable = false
  /** The last message written to it, for a test that wants it twice. */
  lastMessage?: Node
  /** Numbers whose presence the device wants to hear about. */
  readonly subscriptions = new Set<string>()

  constructor(
    private readonly world: World,
    readonly connection: Connection,
    readonly phone: Phone,
    readonly companion: Companion,
  ) {}

  get isOpen(): boolean {
    return !this.connection.isEnded
  }

  send(stanza: Node): void {
    if (stanza.tag === 'message') this.lastMessage = stanza
    if (!this.world.faults.isMuted(this.phone.number)) this.connection.send(stanza)
  }

  /** Ends the connection from the server's side. The code is what the client will report. */
  end(ending: Ending, code: number): void {
    if (!this.isOpen) return
    this.world.history.add('closed', { number: this.phone.number, device: this.companion.device, code, by: 'server' })
    this.isActive = false
    this.connection.end(ending)
    this.leave()
  }

  leave(): void {
    const key = `${this.phone.number}:${this.companion.device}`
    if (this.world.lines.get(key) === this) this.world.lines.delete(key)
    this.isActive = false
    this.companion.lastSeenAt = Date.now()
    this.world.changed(this.phone)
  }

  hear(stanza: Node): void {
    const { world } = this
    if (world.faults.isMuted(this.phone.number)) return
    switch (stanza.tag) {
      case 'iq':
        return answerQuery(world, this, stanza)
      case 'message':
        return hearMessage(world, this, stanza)
      case 'receipt':
        return hearReceipt(world, this, stanza)
      case 'ack':
        return hearAck(world, this, stanza)
      case 'presence':
        return hearPresence(world, this, stanza)
      case 'chatstate':
        return hearChatState(world, this, stanza)
      case 'ib':
        return
      default:
        world.violation('A stanza of an unknown kind', { tag: stanza.tag, number: this.phone.number })
    }
  }
}
