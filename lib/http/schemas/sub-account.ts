import { z } from 'zod'
import { messageStatuses } from '@/lib/bridge/message/message'
import { abilities } from '@/lib/bridge/reach'
import { sessionStatuses } from '@/lib/bridge/session/session'
import type { LocationId } from '@/lib/ids'
import { crmIdOf, moment, name, pageOf, pageQuery } from './common'

export const locationParams = z.strictObject({ locationId: crmIdOf<LocationId>() })
export const locationListQuery = z.strictObject(pageQuery)

export const meAnswer = name(
  'Me',
  z.strictObject({
    user: z.strictObject({
      id: z.string(),
      name: z.string(),
      email: z.string(),
      role: z.enum(['admin', 'user']),
      type: z.enum(['agency', 'account']),
    }),
    companyId: z.string(),
    /** Of a token made inside one sub-account; null for an agency's view. */
    locationId: z.string().nullable(),
    abilities: z.array(z.enum(abilities)),
  }),
)

export const subAccount = name(
  'Location',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    companyId: z.string(),
    status: z.enum(['active', 'needs_reauth', 'suspended', 'uninstalled']),
    maxSessions: z.number().int(),
    sessions: z.strictObject({
      total: z.number().int(),
      connected: z.number().int(),
      attention: z.number().int(),
    }),
    installedAt: moment,
    /** Since when the CRM fails at what it is asked for this sub-account; null while it answers. */
    crmFailingSince: moment.nullable(),
  }),
)
export const subAccountPage = pageOf('LocationPage', subAccount)

export const userPage = pageOf(
  'UserPage',
  name(
    'User',
    z.strictObject({
      id: z.string(),
      name: z.string(),
      email: z.string().nullable(),
      role: z.enum(['admin', 'user']),
      type: z.enum(['agency', 'account']),
    }),
  ),
)

const count = z.number().int()

export const overview = name(
  'Overview',
  z.strictObject({
    sessions: z.partialRecord(z.enum(sessionStatuses), count),
    days: z.array(
      z.strictObject({
        day: z.iso.date(),
        inbound: count,
        outbound: z.partialRecord(z.enum(messageStatuses), count),
      }),
    ),
  }),
)
