import type { ContactView } from './app-state/address-book'
import type { Label } from './app-state/labels'
import type { Bubble } from './chat'
import type { Phones } from './client'
import type { PhoneView } from './view'
import type { PhoneSettings } from './world'

/** For what never comes; a slow machine takes its time. */
export const DEFAULT_WAIT_MS = 30_000

/** A phone, or just its number. */
export type Recipient = string | { number: string }

export function numberOf(recipient: Recipient): string {
  return typeof recipient === 'string' ? recipient : recipient.number
}

/** A label, or just its id. */
export type LabelId = string | { id: string }

const idOf = (label: LabelId) => (typeof label === 'string' ? label : label.id)

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
  /** Saves a number in the address book, or gives it another name. Linked devices hear of it. */
  async saveContact(contact: Recipient, name: string): Promise<void> {
    await this.saveContacts([{ number: numberOf(contact), name }])
  }
  /** Any number at once, 10,000 too. Resolves with how many were new or got another name. */
  saveContacts(contacts: { number: string; name: string }[]): Promise<number> {
    return this.phones.call('saveContacts', { number: this.number, contacts })
  }
  renameContact(contact: Recipient, name: string) {
    return this.phones.call('renameContact', { number: this.number, contact: numberOf(contact), name })
  }
  removeContact(contact: Recipient) {
    return this.phones.call('removeContact', { number: this.number, contact: numberOf(contact) })
  }
  /** The address book, with `by`: the device that saved each entry, 0 being the phone. */
  contacts(search = ''): Promise<ContactView[]> {
    return this.phones.call('contacts', { number: this.number, search })
  }
  /** The profile name, which others see. */
  setName(name: string) {
    return this.phones.call('setName', { number: this.number, name })
  }
  /** Only on business phones (`platform: 'smba'` or `'smbi'`); others refuse. */
  createLabel(name: string, color?: number): Promise<Label> {
    return this.phones.call('createLabel', { number: this.number, name, ...(color === undefined ? {} : { color }) })
  }
  renameLabel(label: LabelId, name: string): Promise<Label> {
    return this.phones.call('renameLabel', { number: this.number, label: idOf(label), name })
  }
  deleteLabel(label: LabelId) {
    return this.phones.call('deleteLabel', { number: this.number, label: idOf(label) })
  }
  /** Puts a label on a chat, or takes it off. The chat need not have begun. */
  labelChat(chat: Recipient, label: LabelId, isOn = true) {
    return this.phones.call('labelChat', { number: this.number, chat: numberOf(chat), label: idOf(label), isOn })
  }
  labels(): Promise<Label[]> {
    return this.phones.call('labels', { number: this.number })
  }
  /** Every chat that has a label, with the ids of its labels. */
  chatLabels(): Promise<{ number: string; name: string; labels: string[] }[]> {
    return this.phones.call('chatLabels', { number: this.number })
  }
  /** The names of the labels on one chat, sorted. */
  async labelsOn(chat: Recipient): Promise<string[]> {
    const [labels, chats] = await Promise.all([this.labels(), this.chatLabels()])
    const ids = chats.find(({ number }) => number === numberOf(chat).replace(/\D/g, ''))?.labels ?? []
    return labels
      .filter(({ id }) => ids.includes(id))
      .map(({ name }) => name)
      .sort()
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

  /** Resolves when the chat has exactly these labels on the phone, by name. */
  waitForLabels(chat: Recipient, names: string[], timeoutMs = DEFAULT_WAIT_MS) {
    const wanted = JSON.stringify([...names].sort())
    const look = async () => (JSON.stringify(await this.labelsOn(chat)) === wanted ? names : undefined)
    return this.waitForChange(look, timeoutMs, `the labels ${wanted} on the chat with ${numberOf(chat)}`)
  }

  /** Resolves when the address book has that name for the number. */
  waitForContact(contact: Recipient, name: string, timeoutMs = DEFAULT_WAIT_MS) {
    const number = numberOf(contact).replace(/\D/g, '')
    const look = async () => (await this.contacts(number)).find((each) => each.number === number && each.name === name)
    return this.waitForChange(look, timeoutMs, `${number} saved as "${name}"`)
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
