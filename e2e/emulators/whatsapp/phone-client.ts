import type { Bubble } from './chat'
import type { Phones } from './client'
import type { PhoneView } from './view'
import type { PhoneSettings } from './world'

export const DEFAULT_WAIT_MS = 10_000

/** A phone, or just its number. */
export type Recipient = string | { number: string }

export function numberOf(recipient: Recipient): string {
  return typeof recipient === 'string' ? recipient : recipient.number
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
