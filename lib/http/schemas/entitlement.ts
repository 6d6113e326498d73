import { z } from 'zod'
import { sessionStatuses } from '@/lib/bridge/session/session'
import { moment, name } from './common'

export const entitlement = name(
  'Entitlement',
  z.strictObject({
    /** `unstarted`: the trial begins with the first connection. */
    state: z.enum(['unstarted', 'trial', 'granted', 'ended']),
    trialStartedAt: moment.nullable(),
    trialEndsAt: moment.nullable(),
    /** When what allows it now ends, or ended; null: not known, or never. */
    endsAt: moment.nullable(),
    /** Ended: until when sessions still hear what people write; null: it has not. */
    hearsUntil: moment.nullable(),
    /** Ended: until when sessions are kept, before they are unlinked and erased; null: it has not. */
    keptUntil: moment.nullable(),
    maxSessions: z.number().int(),
    used: z.number().int(),
    /** What to tell people on every page; null: nothing. */
    banner: z.string().nullable(),
    detail: z.string(),
    /** Why the trial counts from before the first connection here: the number had it elsewhere, or the app was installed before. */
    because: z.enum(['number', 'sub_account']).nullable(),
  }),
)

export const alertList = name(
  'AlertList',
  z.strictObject({
    items: z.array(
      name(
        'Alert',
        z.strictObject({
          id: z.uuid(),
          /**
           * `session_down` needs somebody; `session_slow` has been on its way for minutes; `still_linked` was logged out or
           * deleted while WhatsApp could not be reached, so the device is to be removed on the phone.
           */
          kind: z.enum(['session_down', 'session_slow', 'still_linked']),
          sessionId: z.uuid().nullable(),
          label: z.string().nullable(),
          phone: z.string().nullable(),
          /** As on the session's card, for texts in another language. */
          status: z.enum(sessionStatuses).nullable(),
          reason: z.string().nullable(),
          text: z.string(),
          since: moment,
          level: z.enum(['amber', 'red']),
        }),
      ),
    ),
  }),
)

/** Until null: without end. Absent `maxSessions` stays as it is. */
export const grantBody = z.strictObject({
  until: moment.nullable(),
  maxSessions: z.number().int().min(1).max(10).optional(),
})
