import { randomBytes } from 'node:crypto'
import type { Address, RemoteId } from '@/lib/ids'

/** What is known of a network without connecting to it. Safe to import anywhere. */
export interface ChannelKind {
  readonly name: ChannelName
  /** The letters of its routing code: `#WH2`. */
  readonly routingPrefix: string
  /** `held`: a worker keeps a live connection. `called`: stateless HTTP both ways. */
  readonly connection: 'held' | 'called'
  /** Characters of one text message. */
  readonly textLimit: number
  /** Null where the network chooses ids. */
  readonly mintId: (() => RemoteId) | null
  /** The address of a phone number in E.164, or null when the text is no phone number this network could know. */
  addressOfPhone(e164: string): Address | null
}

export type ChannelName = 'whatsapp'

const whatsapp: ChannelKind = {
  name: 'whatsapp',
  routingPrefix: 'WH',
  connection: 'held',
  // WhatsApp cuts longer bodies; 65 536 characters is what its clients let a person type.
  textLimit: 65_536,
  // The sender chooses the id; this is the form WhatsApp's own web client uses.
  mintId: () => `3EB0${randomBytes(9).toString('hex').toUpperCase()}` as RemoteId,
  addressOfPhone(e164) {
    const digits = e164.replace(/\D/g, '')
    return digits.length >= 6 && digits.length <= 15 ? (`${digits}@s.whatsapp.net` as Address) : null
  },
}

export const channelKinds: Readonly<Record<ChannelName, ChannelKind>> = { whatsapp }
