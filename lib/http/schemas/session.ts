import { z } from 'zod'
import { sessionStatuses } from '@/lib/bridge/session/session'
import { channelKinds, type ChannelName } from '@/lib/channel/kinds'
import type { SessionId } from '@/lib/ids'
import { moment, name, pageOf, pageQuery, uuidOf } from './common'

export const sessionParams = z.strictObject({ sessionId: uuidOf<SessionId>() })
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
export const patchSessionBody = name('SessionPatch', z.strictObject({ label: label.optional() }))
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
    since: moment,
    attempt: z.number().int(),
    nextRetryAt: moment.nullable(),
    action: z.enum(['link', 'start']).nullable(),
    phone: z.string().nullable(),
    pushName: z.string().nullable(),
    platform: z.enum(['business', 'consumer']).nullable(),
    priority: z.number().int(),
    assignedUserId: z.string().nullable(),
    syncContacts: z.boolean(),
    syncLabels: z.boolean(),
    createdAt: moment,
    connectedAt: moment.nullable(),
    lastActiveAt: moment.nullable(),
  }),
)
export const sessionPage = pageOf('SessionPage', session)

export const qr = name('Qr', z.strictObject({ sessionId: z.uuid(), qr: z.string(), expiresAt: moment }))
export const pairingCode = name('PairingCode', z.strictObject({ code: z.string(), expiresAt: moment }))
