import type { Label } from './app-state/labels'
import type { Bubble } from './chat'
import type { Phone } from './phone'
import type { PhoneSettings, Platform, World } from './world'

/** A phone as the person holding it, or a test, sees it. */
export interface PhoneView {
  number: string
  lid: string
  name: string
  platform: Platform
  isStranger: boolean
  isOnline: boolean
  settings: PhoneSettings
  devices: DeviceView[]
  /** How many numbers are in the address book; the verb `contacts` lists them. */
  contactCount: number
  hasLabels: boolean
  labels: Label[]
  chats: ChatView[]
}

export interface DeviceView {
  device: number
  app: string
  linkedAt: number
  lastSeenAt: number
  isConnected: boolean
  /** Stanzas it was not given yet, or has not confirmed. */
  queued: number
}

export interface ChatView {
  with: string
  name: string
  unread: number
  isTyping: boolean
  /** The ids of its labels. */
  labels: string[]
  last: Bubble | undefined
}

export function describePhone(world: World, phone: Phone): PhoneView {
  const { number, lid, name, platform, isStranger, isOnline, settings } = phone
  const labelled = new Map(phone.labels.everywhere().map((chat) => [chat.number, chat.labels]))
  return {
    number,
    lid,
    name,
    platform,
    isStranger,
    isOnline,
    settings,
    contactCount: phone.book.count,
    hasLabels: phone.isBusiness,
    labels: phone.labels.list(),
    devices: phone.companions.map(({ device, app, linkedAt, lastSeenAt, queue }) => ({
      device,
      app,
      linkedAt,
      lastSeenAt,
      isConnected: world.line(number, device) !== undefined,
      queued: queue.length,
    })),
    chats: phone.chats.peers().map((peer) => {
      const bubbles = phone.chats.with(peer)
      return {
        with: peer,
        name: phone.book.nameOf(peer) ?? world.reach(peer)?.name ?? `+${peer}`,
        labels: labelled.get(peer) ?? [],
        unread: bubbles.filter((bubble) => bubble.status === 'received').length,
        isTyping: phone.typing.has(peer),
        last: bubbles.at(-1),
      }
    }),
  }
}
