import { z } from 'zod'
import { syncStates } from '@/lib/bridge/contact-sync/contact-sync'
import { moment, name } from './common'

const count = z.number().int()

export const contactSync = name(
  'ContactSync',
  z.strictObject({
    /** `reading`: the address book is read and compared; `ready`: counted, not confirmed; `waiting`: for the CRM. */
    state: z.enum(syncStates),
    counts: z.strictObject({ new: count, update: count, skipped: count }).nullable(),
    /** Of the run; never goes back. */
    progress: z.strictObject({ done: count, total: count }).nullable(),
    startedAt: moment.nullable(),
    finishedAt: moment.nullable(),
    detail: z.string(),
    /** Saved contacts that need a look, at most 200. */
    report: z.array(z.strictObject({ name: z.string(), phone: z.string().nullable(), why: z.string() })),
  }),
)
