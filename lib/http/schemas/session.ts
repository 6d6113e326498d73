import { z } from 'zod'
import { sessionStatuses } from '@/lib/bridge/session/session'
import { channelKinds, type ChannelName } from '@/lib/channel/kinds'
import type { SessionId, UserId } from '@/lib/ids'
import { crmIdOf, moment, name, pageQuery, uuidOf } from './common'

export const sessionParams = z.strictObject({ sessionId: uuidOf<SessionId>() })
/** `removeTags`: contacts lose the session's account tag too. */
export const removeSessionQuery = z.strictObject({ removeTags: z.enum(['true', 'false']).default('false') })
export const sessionListQuery = z.strictObject(pageQuery)

const channel = z.enum(Object.keys(channelKinds) as [ChannelName, ...ChannelName[]])

// Shown to people and spoken by routing: one visible line.
const label = z
  .string()
  .trim()
  .min(1, 'Give the session a name.')
  .max(50, 'Use at most 50 characters.')
  .regex(/^\P{C}+$/u, 'Use letters, digits and spaces.')

export const createSessionBody = name('NewSession', z.strictObject({ label, channel: channel.default('whatsapp') }))

const accountTag = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^wa-account-[\p{L}\p{N}]+(-[\p{L}\p{N}]+)*$/u, 'Give a tag such as wa-account-support.')
  .max(60, 'Use at most 60 characters.')

const givesKnownContacts = z.enum(['never', 'if_unassigned', 'always'])

export const patchSessionBody = name(
  'SessionPatch',
  z
    .strictObject({
      label,
      /** Null clears it. */
      assignedUserId: crmIdOf<UserId>().nullable(),
      routesForUser: z.boolean(),
      givesNewContacts: z.boolean(),
      givesKnownContacts,
      accountTag,
      syncContacts: z.boolean(),
      syncLabels: z.boolean(),
      pushTags: z.boolean(),
    })
    .partial(),
)
export const pairingCodeBody = name('PairingCodeRequest', z.strictObject({ phone: z.string().min(1).max(40) }))

export const session = name(
  'Session',
  z.strictObject({
    id: z.uuid(),
    locationId: z.string(),
    label: z.string(),
    channel,
    status: z.enum(sessionStatuses),
    reason: z.string().nullable(),
    detail: z.string(),
    /** Whose number was scanned, where that is the reason and the reader may know; `place` null: of this sub-account. */
    duplicateOf: z.strictObject({ label: z.string(), place: z.string().nullable() }).nullable(),
    since: moment,
    attempt: z.number().int(),
    nextRetryAt: moment.nullable(),
    action: z.enum(['link', 'start']).nullable(),
    phone: z.string().nullable(),
    pushName: z.string().nullable(),
    platform: z.enum(['business', 'consumer']).nullable(),
    priority: z.number().int(),
    assignedUserId: z.string().nullable(),
    /** What the assigned user is for: routing, new contacts, contacts who write here. */
    routesForUser: z.boolean(),
    givesNewContacts: z.boolean(),
    givesKnownContacts,
    accountTag: z.string().nullable(),
    syncContacts: z.boolean(),
    syncLabels: z.boolean(),
    pushTags: z.boolean(),
    health: z.strictObject({
      /** Of what was sent in the last 24 hours, 0 to 1; null: nothing was. */
      deliveredShare: z.number().nullable(),
      sent24h: z.number().int(),
      lastMessageAt: moment.nullable(),
      /** New contacts per day of a number linked lately; null once it is over or switched off. */
      warmUp: z
        .strictObject({ day: z.number().int(), limit: z.number().int(), usedToday: z.number().int() })
        .nullable(),
    }),
    firstLinkedAt: moment.nullable(),
    createdAt: moment,
    connectedAt: moment.nullable(),
    lastActiveAt: moment.nullable(),
  }),
)
export const sessionPage = name(
  'SessionPage',
  z.strictObject({
    items: z.array(session),
    nextCursor: z.string().nullable(),
    /** Of the priorities; moves with every change of them. */
    version: z.number().int(),
  }),
)

export const qr = name('Qr', z.strictObject({ sessionId: z.uuid(), qr: z.string(), expiresAt: moment }))
export const pairingCode = name('PairingCode', z.strictObject({ code: z.string(), expiresAt: moment }))
