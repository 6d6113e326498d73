import type { z } from 'zod'
import type { HistoryEvent } from '../history'
import type { Bubble } from './chat'
import type { Verbs } from './verbs'
import type { PhoneView } from './view'
import type { PhoneSettings, Platform } from './world'

export type { Bubble, HistoryEvent, PhoneSettings, PhoneView }

type Input<Name extends keyof Verbs> = z.input<Verbs[Name]['input']>
type Output<Name extends keyof Verbs> = Awaited<ReturnType<Verbs[Name]['run']>>

export interface NewPhoneOptions {
  name?: string
  number?: string
  platform?: Platform
  settings?: Partial<PhoneSettings>
}

const DEFAULT_WAIT_MS = 10_000

/** Talks to a running WhatsApp emulator as the people holding its phones. */
export function connectPhones(url: string): Phones {
  return new Phones(url.replace(/\/$/, ''))
}

export class Phones {
  constructor(private readonly url: string) {}

  /** Any verb of the control API by its name. */
  async call<Name extends keyof Verbs>(name: Name, input: Input<Name>): Promise<Output<Name>> {
    const response = await fetch(`${this.url}/control/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
    const body = (await response.json()) as Output<Name> | { error: string }
    if (!response.ok) throw new Error((body as { error: string }).error)
    return body as Output<Name>
  }

  async create(options: NewPhoneOptions = {}): Promise<PhoneClient> {
    const [made] = await this.createMany([options])
    if (!made) throw new Error('The emulator made no phone')
    return made
  }

  async createMany(phones: NewPhoneOptions[]): Promise<PhoneClient[]> {
    const made = await this.call('create', { phones })
    return made.map(({ number }) => new PhoneClient(this, number))
  }

  list(): Promise<PhoneView[]> {
    return this.call('list', {})
  }

  phone(number: string): PhoneClient {
    return new PhoneClient(this, number.replace(/\D/g, ''))
  }

  sendMany(messages: { from: string; to: string; text: string }[]): Promise<string[]> {
    return this.call('sendMany', { messages })
  }

  /** The number of the newest event, to begin waiting from. */
  position(): Promise<number> {
    return this.call('position', {})
  }

  history(since = 0): Promise<HistoryEvent[]> {
    return this.call('history', { since })
  }

  /** Resolves with the first event, past or to come, that fits. Given fields are compared by the emulator itself. */
  async waitFor(
    fits: Partial<HistoryEvent> | ((event: HistoryEvent) => boolean),
    { since = 0, timeoutMs = DEFAULT_WAIT_MS, what = 'an event' } = {},
  ): Promise<HistoryEvent> {
    const match = typeof fits === 'function' ? {} : fits
    const accepts = typeof fits === 'function' ? fits : () => true
    const deadline = Date.now() + timeoutMs
    let seen = since
    for (let left = timeoutMs; left > 0; left = deadline - Date.now()) {
      const events = await this.call('history', { since: seen, waitMs: left, match })
      const found = events.find(accepts)
      if (found) return found
      seen = events.at(-1)?.n ?? seen
    }
    const described = typeof fits === 'function' ? what : JSON.stringify(fits)
    throw new Error(`The WhatsApp emulator did not see ${described} within ${timeoutMs} ms.`)
  }

  dropAcks(fault: Input<'dropAcks'> = {}) {
    return this.call('dropAcks', fault)
  }
  delayAcks(ms: number, match: Omit<Input<'delayAcks'>, 'ms'> = {}) {
    return this.call('delayAcks', { ms, ...match })
  }
  nack(code: number, match: Omit<Input<'nack'>, 'code'> = {}) {
    return this.call('nack', { code, ...match })
  }
  /** Ends live connections with a code of the disconnect table. Resolves with how many there were. */
  closeConnections(number: string, code: number) {
    return this.call('closeConnections', { number, code })
  }
  /** Ends the connections of clients that are not linked yet. */
  closePairing(code: number) {
    return this.call('closePairing', { code })
  }
  /** Ends the connection of this account right after so many more stanzas were written to it. */
  cutAfter(number: string, count: number) {
    return this.call('cutAfter', { number, count })
  }
  loginAnswer(number: string, code: number, count = 1) {
    return this.call('loginAnswer', { number, code, count })
  }
  pauseDelivery(number = 'all') {
    return this.call('pauseDelivery', { number })
  }
  resumeDelivery(number = 'all') {
    return this.call('resumeDelivery', { number })
  }
  /** The server keeps the connection and neither hears nor says anything more to that number. */
  mute(number: string) {
    return this.call('mute', { number })
  }
  refuseConnections(refuse = true) {
    return this.call('refuseConnections', { refuse })
  }
  clearFaults() {
    return this.call('clearFaults', {})
  }
  seedFaults(seed: number) {
    return this.call('seedFaults', { seed })
  }
  /** Behaviour of every phone there is and every phone to come. */
  setAll(settings: Partial<PhoneSettings>) {
    return this.call('set', { number: 'all', settings })
  }
  setTimings(timings: Input<'setTimings'>) {
    return this.call('setTimings', timings)
  }
  /** Whether numbers nobody created are on WhatsApp too. They are unless told otherwise, except those ending 0000. */
  setStrangers(exist: boolean) {
    return this.call('setStrangers', { exist })
  }
  /** Hands an account's companions one broken or dishonest message. Resolves with its id. */
  forge(kind: Input<'forge'>['kind'], message: { from: Recipient; to: Recipient; text?: string }) {
    const { from, to, ...rest } = message
    return this.call('forge', { kind, from: numberOf(from), to: numberOf(to), ...rest })
  }
  /** Writes any stanza at all to an account's live companions. Resolves with how many there were. */
  injectStanza(number: string, stanza: Input<'injectStanza'>['stanza']) {
    return this.call('injectStanza', { number, stanza })
  }
  /** Writes bytes that are no stanza: enciphered, or (`isSealed: false`) not even that. */
  injectBytes(number: string, bytes: Uint8Array, isSealed = true) {
    return this.call('injectBytes', { number, base64: Buffer.from(bytes).toString('base64'), isSealed })
  }
  counters() {
    return this.call('counters', {})
  }
}

/** One phone and the person holding it. */
export class PhoneClient {
  constructor(
    private readonly phones: Phones,
    readonly number: string,
  ) {}

  view(): Promise<PhoneView> {
    return this.phones.call('phone', { number: this.number })
  }
  scan(qrText: string) {
    return this.phones.call('scan', { number: this.number, qrText })
  }
  enterCode(code: string) {
    return this.phones.call('enterCode', { number: this.number, code })
  }
  unlink(device: number) {
    return this.phones.call('unlink', { number: this.number, device })
  }
  /** Resolves with the message id once the message is on its way. */
  sendText(to: Recipient, text: string, options: { quote?: string } = {}) {
    return this.phones.call('sendText', { number: this.number, to: numberOf(to), text, ...options })
  }
  sendLocation(to: Recipient, place: { latitude: number; longitude: number; name?: string; address?: string }) {
    return this.phones.call('sendLocation', { number: this.number, to: numberOf(to), ...place })
  }
  sendContact(to: Recipient, card: { name: string; numbers: string[] }) {
    return this.phones.call('sendContact', { number: this.number, to: numberOf(to), ...card })
  }
  sendImage(to: Recipient, caption = '') {
    return this.phones.call('sendImage', { number: this.number, to: numberOf(to), caption })
  }
  sendUnknown(to: Recipient) {
    return this.phones.call('sendUnknown', { number: this.number, to: numberOf(to) })
  }
  /** Any content, as the JSON form of WhatsApp's Message. */
  sendContent(to: Recipient, message: Record<string, unknown>) {
    return this.phones.call('sendContent', { number: this.number, to: numberOf(to), message })
  }
  react(to: Recipient, id: string, emoji: string) {
    return this.phones.call('react', { number: this.number, to: numberOf(to), id, emoji })
  }
  edit(to: Recipient, id: string, text: string) {
    return this.phones.call('edit', { number: this.number, to: numberOf(to), id, text })
  }
  delete(to: Recipient, id: string) {
    return this.phones.call('delete', { number: this.number, to: numberOf(to), id })
  }
  /** A call nobody answers. */
  call(to: Recipient) {
    return this.phones.call('call', { number: this.number, to: numberOf(to) })
  }
  /** Resolves with the ids that became read. */
  read(chat: Recipient) {
    return this.phones.call('read', { number: this.number, chat: numberOf(chat) })
  }
  play(chat: Recipient, id: string) {
    return this.phones.call('play', { number: this.number, chat: numberOf(chat), id })
  }
  typing(chat: Recipient, isTyping = true) {
    return this.phones.call('type', { number: this.number, chat: numberOf(chat), isTyping })
  }
  loseSessions() {
    return this.phones.call('loseSessions', { number: this.number })
  }
  reinstall() {
    return this.phones.call('reinstall', { number: this.number })
  }
  goOffline() {
    return this.phones.call('goOffline', { number: this.number })
  }
  goOnline() {
    return this.phones.call('goOnline', { number: this.number })
  }
  set(settings: Partial<PhoneSettings>) {
    return this.phones.call('set', { number: this.number, settings })
  }
  setMode(mode: PhoneSettings['mode']) {
    return this.set({ mode })
  }
  /** The bubbles of one chat, as a person sees them. */
  chat(peer: Recipient): Promise<Bubble[]> {
    return this.phones.call('chat', { number: this.number, with: numberOf(peer) })
  }

  /** Resolves with the first bubble from that person, there already or to come, that fits. */
  async waitForText(
    from: Recipient,
    fits: string | ((bubble: Bubble) => boolean),
    timeoutMs = DEFAULT_WAIT_MS,
  ): Promise<Bubble> {
    const matches = typeof fits === 'string' ? (bubble: Bubble) => bubble.text === fits : fits
    const what = typeof fits === 'string' ? `"${fits}"` : 'the awaited message'
    return this.waitForBubble(from, (bubble) => bubble.direction === 'in' && matches(bubble), timeoutMs, what)
  }

  /** Resolves when a message this phone's account sent has at least that tick. */
  async waitForStatus(to: Recipient, id: string, status: 'delivered' | 'read' | 'played', timeoutMs = DEFAULT_WAIT_MS) {
    const reached = { delivered: ['delivered', 'read', 'played'], read: ['read', 'played'], played: ['played'] }[status]
    const what = `${id} as ${status}`
    return this.waitForBubble(to, (bubble) => bubble.id === id && reached.includes(bubble.status), timeoutMs, what)
  }

  /** Resolves when this phone has a linked device that is logged in. */
  waitForDevice(timeoutMs = DEFAULT_WAIT_MS) {
    return this.waitForChange(
      async () => (await this.view()).devices.find((each) => each.isConnected),
      timeoutMs,
      `a linked device that is logged in`,
    )
  }

  private waitForBubble(peer: Recipient, fits: (bubble: Bubble) => boolean, timeoutMs: number, what: string) {
    return this.waitForChange(async () => (await this.chat(peer)).find(fits), timeoutMs, what)
  }

  /** Looks again whenever something changed on this phone. */
  async waitForChange<T>(look: () => Promise<T | undefined>, timeoutMs = DEFAULT_WAIT_MS, what = 'it'): Promise<T> {
    const deadline = Date.now() + timeoutMs
    let version = await this.phones.call('changed', { number: this.number })
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`The phone ${this.number} did not show ${what} within ${timeoutMs} ms.`)
      version = await this.phones.call('changed', { number: this.number, after: version, waitMs: left })
    }
  }
}

type Recipient = string | { number: string }

function numberOf(recipient: Recipient): string {
  return typeof recipient === 'string' ? recipient : recipient.number
}
