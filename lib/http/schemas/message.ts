import { z } from 'zod'
import { failureCodes } from '@/lib/bridge/message/message'
import { shownStatuses } from '@/lib/bridge/message/view'
import type { ContactId, MessageId, SessionId } from '@/lib/ids'
import { crmIdOf, moment, name, pageOf, pageQuery, uuidOf } from './common'

export const messageParams = z.strictObject({ messageId: uuidOf<MessageId>() })

export const messageListQuery = z.strictObject({
  ...pageQuery,
  sessionId: uuidOf<SessionId>().optional(),
  status: z.enum(shownStatuses).optional(),
  direction: z.enum(['inbound', 'outbound']).optional(),
  contactId: crmIdOf<ContactId>().optional(),
})

export const sendMessageBody = name(
  'NewMessage',
  z.strictObject({ to: z.string().trim().min(1).max(40), text: z.string().min(1).max(65_536) }),
)

export const acceptedMessage = name('AcceptedMessage', z.strictObject({ id: z.uuid() }))

const passedOver = { session: z.string(), label: z.string(), priority: z.number().int(), why: z.string() }

export const routingTrace = name(
  'RoutingTrace',
  z.strictObject({
    rule: z.number().int(),
    session: z.string().nullable(),
    priority: z.number().int().nullable(),
    skipped: z.array(z.strictObject({ rule: z.number().int(), ...passedOver })),
    code: z.string().nullable(),
    warnings: z.array(z.string()),
    /** How long it waited for its session to come back; null: it did not. */
    holdMs: z.number().int().nullable(),
    /** The session it would have left on, had that been able to send. */
    fallbackFrom: z.strictObject(passedOver).nullable(),
    text: z.string(),
  }),
)

export const message = name(
  'Message',
  z.strictObject({
    id: z.uuid(),
    locationId: z.string(),
    direction: z.enum(['inbound', 'outbound']),
    origin: z.enum(['crm', 'api', 'person', 'phone']),
    status: z.enum(shownStatuses),
    reason: z.string().nullable(),
    failure: z.strictObject({ code: z.enum(failureCodes), message: z.string() }).nullable(),
    session: z
      .strictObject({ id: z.uuid(), label: z.string(), phone: z.string().nullable(), priority: z.number().int() })
      .nullable(),
    sessionId: z.uuid().nullable(),
    contactId: z.string().nullable(),
    contact: z
      .strictObject({ id: z.string().nullable(), name: z.string().nullable(), phone: z.string().nullable() })
      .nullable(),
    userId: z.string().nullable(),
    crmMessageId: z.string().nullable(),
    to: z.string().nullable(),
    text: z.string().nullable(),
    attachmentCount: z.number().int(),
    parts: z.array(
      z.strictObject({
        id: z.uuid(),
        seq: z.number().int(),
        status: z.enum(['queued', 'sending', 'accepted', 'delivered', 'read', 'failed']),
        sentAt: moment.nullable(),
      }),
    ),
    trace: routingTrace.nullable(),
    occurredAt: moment,
    createdAt: moment,
    updatedAt: moment,
  }),
)
export const messagePage = pageOf('MessagePage', message)
