import type { z } from 'zod'
import type { HistoryEvent } from '../history'
import type { ContactView } from './app-state/address-book'
import type { Label } from './app-state/labels'
import type { Bubble } from './chat'
import { DEFAULT_WAIT_MS, numberOf, PhoneClient, type Recipient } from './phone-client'
import type { Verbs } from './verbs'
import type { PhoneView } from './view'
import type { PhoneSettings, Platform } from './world'

export { PhoneClient, type Recipient }
export type { Bubble, ContactView, HistoryEvent, Label, PhoneSettings, PhoneView }

type Input<Name extends keyof Verbs> = z.input<Verbs[Name]['input']>
type Output<Name extends keyof Verbs> = Awaited<ReturnType<Verbs[Name]['run']>>

export interface NewPhoneOptions {
  name?: string
  number?: string
  platform?: Platform
  settings?: Partial<PhoneSettings>
}

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
  /** Spoils what a linked device is told of contacts, labels and names. Without `count`, until `clearFaults`. */
  appStateFault(kind: Input<'appStateFault'>['kind'], match: Omit<Input<'appStateFault'>, 'kind'> = {}) {
    return this.call('appStateFault', { kind, ...match })
  }
  /** The phone keeps the keys to its state to itself; with `false` it hands over what it owes. */
  withholdKeys(number: string, isWithheld = true) {
    return this.call('withholdKeys', { number, isWithheld })
  }
  /** Linked devices are not told when contacts, labels or names change. */
  loseNews(number: string, isLost = true) {
    return this.call('loseNews', { number, isLost })
  }
  setFullSync(form: Input<'setFullSync'>['form']) {
    return this.call('setFullSync', { form })
  }
  counters() {
    return this.call('counters', {})
  }
}
