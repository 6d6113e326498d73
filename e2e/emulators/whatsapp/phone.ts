import { jidOf, type Person } from './address'
import { AddressBook, type SavedContact } from './app-state/address-book'
import { AppState, type SavedAppState } from './app-state/app-state'
import { Labels, type SavedLabels } from './app-state/labels'
import { sharedBy } from './app-state/shared'
import { Chats, type Bubble, type BubbleStatus } from './chat'
import type { Companion } from './companion'
import * as compose from './compose'
import type { Message } from './content'
import { hear, type Delivery } from './receivers'
import { sendReceipt } from './receipts'
import { DeviceKeys, type SavedDeviceKeys } from './signal/device-keys'
import { Sessions } from './signal/sessions'
import { callMissed, post, type SentMessage } from './send'
import { DEFAULT_SETTINGS, PhoneError, type PhoneSettings, type Platform, type World } from './world'
import { announceIdentity, endDevice } from './wire/unlink'
import { node } from './wire/node'

export interface SavedPhone extends Person {
  name: string
  platform: Platform
  isStranger: boolean
  isOnline: boolean
  settings: PhoneSettings
  keys: SavedDeviceKeys
  sessions: [string, unknown][]
  companions: Companion[]
  nextDevice: number
  chats: [string, Bubble[]][]
  inbox: Delivery[]
  sent: [string, SentMessage][]
}

/** What a phone shares with its linked devices, kept apart because it is large and seldom changes. */
export interface SavedShared {
  contacts: SavedContact[]
  labels: SavedLabels
  appState: SavedAppState
}

const SENT_KEPT = 5_000

/**
 * One phone, and what the person holding it does. It learns about the app only what a phone does: the text of a QR
 * code it looks at, a code typed in, and messages.
 */
export class Phone implements Person {
  readonly number: string
  readonly lid: string
  name: string
  platform: Platform
  /** Nobody created it: it stands for a number someone wrote to. */
  isStranger: boolean
  /** Its devices were sent a notification that no server would send, and may ask about what it named. */
  isToldNonsense = false
  isOnline: boolean
  settings: PhoneSettings
  keys: DeviceKeys
  sessions: Sessions
  companions: Companion[]
  nextDevice: number
  readonly chats: Chats
  readonly book: AddressBook
  readonly labels: Labels
  state: AppState
  readonly inbox: Delivery[]
  readonly typing = new Set<string>()
  /** Counts changes, so that somebody can wait for the next one without missing it. */
  version = 0
  private readonly sent: Map<string, SentMessage>
  private readonly earlyTicks = new Map<string, BubbleStatus>()
  /** Sends of one phone go out one after another, so that they arrive in the order they were written. */
  private lastSend: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly world: World,
    person: Person,
    saved?: SavedPhone,
    shared?: SavedShared,
  ) {
    this.number = person.number
    this.lid = person.lid
    this.name = saved?.name ?? `+${person.number}`
    this.platform = saved?.platform ?? 'android'
    this.isStranger = saved?.isStranger ?? true
    this.isOnline = saved?.isOnline ?? true
    this.settings = saved?.settings ?? { ...DEFAULT_SETTINGS }
    this.keys = new DeviceKeys(saved?.keys)
    this.sessions = new Sessions(this.number, this.keys, saved?.sessions)
    this.companions = saved?.companions ?? []
    // Connections are counted from one again, so what they were given before says nothing about these.
    for (const { queue } of this.companions) for (const entry of queue) delete entry.sentOn
    this.nextDevice = saved?.nextDevice ?? 1
    this.chats = new Chats(saved?.chats)
    this.book = new AddressBook(world, this, shared?.contacts)
    this.labels = new Labels(world, this, shared?.labels)
    this.state = new AppState(world, this, sharedBy(world, this), shared?.appState)
    this.inbox = saved?.inbox ?? []
    this.sent = new Map(saved?.sent ?? [])
  }

  save(): SavedPhone {
    const { number, lid, name, platform, isStranger, isOnline, settings, companions, nextDevice, inbox } = this
    return {
      number,
      lid,
      name,
      platform,
      isStranger,
      isOnline,
      settings,
      keys: this.keys.save(),
      sessions: this.sessions.save(),
      companions,
      nextDevice,
      chats: this.chats.save(),
      inbox,
      sent: [...this.sent],
    }
  }

  saveShared(): SavedShared {
    return { contacts: this.book.save(), labels: this.labels.save(), appState: this.state.save() }
  }

  /** Only WhatsApp Business has labels. */
  get isBusiness(): boolean {
    return this.platform === 'smba' || this.platform === 'smbi'
  }

  companion(device: number): Companion | undefined {
    return this.companions.find((companion) => companion.device === device)
  }

  /** Looks at a QR code. It is given the text in the picture and nothing else. */
  async scan(qrText: string): Promise<{ device: number }> {
    this.mustBeOnline()
    return this.world.pairing.scan(this, qrText)
  }

  /** Types the code shown in the app after "Link with phone number instead". */
  async enterCode(code: string): Promise<{ device: number }> {
    this.mustBeOnline()
    return this.world.pairing.enterCode(this, code)
  }

  sendText(to: string, text: string, options: { quote?: string | undefined } = {}): Promise<string> {
    return this.say(to, compose.composeText(this, this.recipient(to), text, options.quote))
  }

  sendLocation(to: string, place: compose.Place): Promise<string> {
    return this.say(to, compose.composeLocation(place))
  }

  sendContact(to: string, card: { name: string; numbers: string[] }): Promise<string> {
    return this.say(to, compose.composeContact(card))
  }

  /** An image whose file exists nowhere: enough for a placeholder. */
  sendImage(to: string, caption: string): Promise<string> {
    return this.say(to, compose.composeImage(caption))
  }

  /** A message of a kind no client knows yet. */
  sendUnknown(to: string): Promise<string> {
    return this.say(to, compose.composeUnknown())
  }

  sendContent(to: string, message: Message): Promise<string> {
    return this.say(to, { message })
  }

  react(to: string, id: string, emoji: string): Promise<string> {
    return this.say(to, compose.composeReaction(this, this.recipient(to), id, emoji))
  }

  edit(to: string, id: string, text: string): Promise<string> {
    return this.say(to, compose.composeEdit(this, this.recipient(to), id, text))
  }

  delete(to: string, id: string): Promise<string> {
    return this.say(to, compose.composeDelete(this, this.recipient(to), id))
  }

  /** Rings and hangs up before anybody answers. */
  async call(to: string): Promise<string> {
    this.mustBeOnline()
    return callMissed(this.world, this, this.recipient(to))
  }

  /** Opens the chat: everything in it becomes read, and the other side is told. */
  read(chat: string): string[] {
    this.mustBeOnline()
    const peer = this.recipient(chat)
    const unread = this.chats
      .with(peer.number)
      .filter((bubble) => bubble.direction === 'in' && bubble.status === 'received')
    for (const bubble of unread) bubble.status = 'seen'
    const ids = unread.map((bubble) => bubble.id)
    if (ids.length > 0) {
      sendReceipt(this.world, this, peer, ids, 'read')
      this.world.changed(this)
    }
    return ids
  }

  /** Listens to a voice message. */
  play(chat: string, id: string): void {
    this.mustBeOnline()
    sendReceipt(this.world, this, this.recipient(chat), [id], 'played')
  }

  type(chat: string, isTyping = true): void {
    this.mustBeOnline()
    const peer = this.recipient(chat)
    for (const companion of peer.companions) {
      const from = jidOf(this, this.settings.addressing)
      this.world
        .line(peer.number, companion.device)
        ?.send(node('chatstate', { from }, [node(isTyping ? 'composing' : 'paused')]))
    }
  }

  unlink(device: number): void {
    this.mustBeOnline()
    if (!this.companion(device)) throw new PhoneError(`There is no linked device ${device} on this phone.`)
    endDevice(this.world, this, device, 'phone')
  }

  /** Forgets every session, as after a restored backup: the next message from each device is unreadable. */
  loseSessions(): void {
    this.sessions = new Sessions(this.number, this.keys)
    this.world.history.add('sessions-lost', { number: this.number })
    this.world.changed(this)
  }

  /** A new phone with the old number: new keys, which those who know the number are told about. */
  reinstall(): void {
    this.keys = new DeviceKeys()
    this.world.history.add('reinstalled', { number: this.number })
    for (const { device } of [...this.companions]) endDevice(this.world, this, device, 'server')
    // Nobody is left who knows the keys, so what was shared is sealed anew for whoever is linked next.
    const { revision } = this.state
    this.state = new AppState(this.world, this, sharedBy(this.world, this))
    this.state.revision = revision + 1
    this.loseSessions()
    announceIdentity(this.world, this)
  }

  goOffline(): void {
    this.isOnline = false
    this.world.history.add('phone-offline', { number: this.number })
    this.announcePresence()
  }

  goOnline(): void {
    this.isOnline = true
    this.world.history.add('phone-online', { number: this.number })
    this.announcePresence()
    this.state.catchUp()
    hear(this.world, this)
  }

  /** The other side may be quicker than the copy a companion sends to this phone. */
  keepEarlyTick(peer: string, id: string, status: BubbleStatus): void {
    this.earlyTicks.set(`${peer} ${id}`, status)
  }

  takeEarlyTick(peer: string, id: string): BubbleStatus {
    const status = this.earlyTicks.get(`${peer} ${id}`) ?? 'sent'
    this.earlyTicks.delete(`${peer} ${id}`)
    return status
  }

  remember(id: string, message: SentMessage): void {
    this.sent.set(id, message)
    if (this.sent.size > SENT_KEPT) {
      const oldest = this.sent.keys().next().value
      if (oldest !== undefined) this.sent.delete(oldest)
    }
  }

  recall(id: string): SentMessage | undefined {
    return this.sent.get(id)
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.lastSend.then(work)
    this.lastSend = turn.catch(() => {})
    return turn
  }

  private say(to: string, composed: compose.Composed): Promise<string> {
    this.mustBeOnline()
    return post(this.world, this, this.recipient(to), composed)
  }

  private recipient(number: string): Phone {
    const peer = this.world.reach(number)
    if (!peer) throw new PhoneError(`${number} is not on WhatsApp.`)
    return peer
  }

  mustBeOnline(): void {
    if (!this.isOnline) throw new PhoneError('This phone is offline. Put it online first.')
  }

  private announcePresence(): void {
    this.world.changed(this)
    for (const line of this.world.lines.values()) {
      if (!line.subscriptions.has(this.number)) continue
      const from = jidOf(this, this.settings.addressing)
      line.send(node('presence', this.isOnline ? { from } : { from, type: 'unavailable' }))
    }
  }
}
