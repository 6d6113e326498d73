import type { History } from '../history'
import { digitsOf, isNeverOnWhatsApp, lidOf, parseJid, type Addressing } from './address'
import type { Companion } from './companion'
import { Faults } from './faults'
import { Phone, type SavedPhone, type SavedShared } from './phone'
import { PairingDesk } from './wire/pairing'
import type { Line } from './wire/line'

export interface Timings {
  /** How long the server keeps quiet after the client's last handshake message. */
  handshakeGraceMs: number
  qrCount: number
  qrFirstMs: number
  qrNextMs: number
  qrGraceMs: number
  codeMs: number
  /** How long a phone waits for the other side while linking. */
  linkMs: number
}

export const DEFAULT_TIMINGS: Timings = {
  handshakeGraceMs: 20,
  qrCount: 6,
  qrFirstMs: 60_000,
  qrNextMs: 20_000,
  qrGraceMs: 5_000,
  codeMs: 180_000,
  linkMs: 10_000,
}

/** How a phone behaves when nobody is holding it. */
export interface PhoneSettings {
  /** `strict`, as the official apps, drops an old or repeated counter without a word; `forgiving`, as Baileys, asks again. */
  mode: 'strict' | 'forgiving'
  /** Official apps show one message id once. Off, a person sees every copy. */
  dedupes: boolean
  addressing: 'lid' | 'pn'
  /** Its messages then carry the private id only, never the number. */
  hidesNumber: boolean
  autoRead: boolean
  /** Answers every text with this one; `{text}` stands for what it answers. */
  autoReply: string | null
}

export const DEFAULT_SETTINGS: PhoneSettings = {
  mode: 'strict',
  dedupes: true,
  addressing: 'lid',
  hidesNumber: false,
  autoRead: false,
  autoReply: null,
}

export const FULL_SYNCS = ['whole', 'log', 'blob'] as const
export type FullSync = (typeof FULL_SYNCS)[number]

export type Platform = 'iphone' | 'android' | 'smba' | 'smbi'

export interface NewPhone {
  name?: string | undefined
  number?: string | undefined
  platform?: Platform | undefined
  settings?: Partial<PhoneSettings> | undefined
}

/** What went wrong for the person holding the phone, in words for that person. */
export class PhoneError extends Error {
  override readonly name = 'PhoneError'
}

/** Everything the emulator knows: phones, live connections, faults, and the history it writes. */
export class World {
  readonly faults = new Faults()
  readonly pairing: PairingDesk
  readonly lines = new Map<string, Line>()
  readonly timings: Timings
  defaults: PhoneSettings = { ...DEFAULT_SETTINGS }
  /** Whether a number nobody created is on WhatsApp too; its phone then appears when first asked for. */
  hasStrangers = true
  readonly unknownQueries = new Map<string, number>()
  private readonly phones = new Map<string, Phone>()
  private readonly byLid = new Map<string, Phone>()
  /** Private ids of numbers in somebody's address book, whose phones need not have appeared yet. */
  private readonly learnedLids = new Map<string, string>()
  /** How a device that knows nothing yet is told everything: as one patch, as every patch ever, or as a download. */
  fullSync: FullSync = 'whole'
  /** What can be downloaded, sealed, by path. */
  readonly blobs = new Map<string, Buffer>()
  private readonly watchers = new Set<(phone: Phone) => void>()
  private nextNumber = 34_600_100_001n

  constructor(
    readonly history: History,
    timings: Partial<Timings> = {},
    readonly say: (text: string) => void = () => {},
  ) {
    this.timings = { ...DEFAULT_TIMINGS, ...timings }
    this.pairing = new PairingDesk(this)
  }

  list(): Phone[] {
    return [...this.phones.values()]
  }

  create(wanted: NewPhone): Phone {
    const number = wanted.number === undefined ? this.freeNumber() : digitsOf(wanted.number)
    if (number.length < 7 || number.length > 15) {
      throw new PhoneError(`${wanted.number} is no phone number. Give it with its country code, 7 to 15 digits.`)
    }
    if (isNeverOnWhatsApp(number)) throw new PhoneError('Numbers ending in 0000 are never on WhatsApp.')
    const known = this.phones.get(number)
    if (known && !known.isStranger) throw new PhoneError(`There is a phone with the number ${number} already.`)
    const phone = known ?? this.add(new Phone(this, { number, lid: lidOf(number) }))
    phone.isStranger = false
    phone.name = wanted.name ?? `Phone ${number.slice(-4)}`
    phone.platform = wanted.platform ?? 'android'
    phone.settings = { ...this.defaults, ...wanted.settings }
    this.changed(phone)
    return phone
  }

  restore(saved: SavedPhone, shared?: SavedShared): void {
    this.add(new Phone(this, saved, saved, shared))
  }

  /** The phone a person holds. Throws when there is none. */
  phone(number: string): Phone {
    const phone = this.phones.get(digitsOf(number))
    if (!phone) throw new PhoneError(`There is no phone with the number ${number}. Add it first.`)
    return phone
  }

  /** Whoever has this number on WhatsApp, if anyone. */
  reach(number: string): Phone | undefined {
    const digits = digitsOf(number)
    const known = this.phones.get(digits)
    if (known) return known
    if (!this.isOnWhatsApp(digits)) return undefined
    const phone = this.add(new Phone(this, { number: digits, lid: lidOf(digits) }))
    phone.settings = { ...this.defaults }
    this.changed(phone)
    return phone
  }

  /** The phone with that number, if it has appeared. */
  known(number: string): Phone | undefined {
    return this.phones.get(number)
  }

  /** Whether that number can be written to. Does not make its phone appear. */
  isOnWhatsApp(digits: string): boolean {
    if (this.phones.has(digits)) return true
    return this.hasStrangers && !isNeverOnWhatsApp(digits) && digits.length >= 7 && digits.length <= 15
  }

  learnLid(number: string): void {
    this.learnedLids.set(lidOf(number), number)
  }

  /** The number a jid stands for, whether or not its phone has appeared. */
  numberOf(jid: string | undefined): string | undefined {
    const parsed = parseJid(jid)
    if (!parsed) return undefined
    if (parsed.addressing === 'pn') return parsed.user
    return this.byLid.get(parsed.user)?.number ?? this.learnedLids.get(parsed.user)
  }

  addressingOf(number: string): Addressing {
    return (this.phones.get(number)?.settings ?? this.defaults).addressing
  }

  /** The account a jid names, by number or by private id, with the device it names. */
  locate(jid: string | undefined): { phone: Phone; device: number } | undefined {
    const parsed = parseJid(jid)
    if (!parsed) return undefined
    const number = this.numberOf(jid)
    const phone = number === undefined ? undefined : this.reach(number)
    return phone && { phone, device: parsed.device }
  }

  line(number: string, device: number): Line | undefined {
    return this.lines.get(`${number}:${device}`)
  }

  linesOf(number: string): Line[] {
    return [...this.lines.values()].filter((line) => number === 'all' || line.phone.number === number)
  }

  companionsKnowing(phone: Phone): { owner: Phone; companion: Companion }[] {
    const owners = [phone, ...phone.chats.peers().flatMap((peer) => this.phones.get(peer) ?? [])]
    return [...new Set(owners)].flatMap((owner) => owner.companions.map((companion) => ({ owner, companion })))
  }

  changed(phone: Phone): void {
    phone.version += 1
    for (const watch of this.watchers) watch(phone)
  }

  watch(hear: (phone: Phone) => void): () => void {
    this.watchers.add(hear)
    return () => this.watchers.delete(hear)
  }

  violation(what: string, fields: Record<string, unknown> = {}): void {
    this.history.add('violation', { what, ...fields })
    this.say(`WhatsApp emulator: violation: ${what} ${JSON.stringify(fields)}`)
  }

  /** Lets work run on its own; what goes wrong in it is a fault of the emulator and said loudly. */
  background(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.violation(`The emulator failed: ${what}`, { reason })
    })
  }

  private add(phone: Phone): Phone {
    this.phones.set(phone.number, phone)
    this.byLid.set(phone.lid, phone)
    return phone
  }

  private freeNumber(): string {
    let number = String(this.nextNumber++)
    while (this.phones.has(number) || isNeverOnWhatsApp(number)) number = String(this.nextNumber++)
    return number
  }
}
