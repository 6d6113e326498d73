import { z } from 'zod'
import { reported, syncDetails, syncStates } from '@/lib/bridge/contact-sync/contact-sync'
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
    /** What `detail` says, for texts in another language. */
    detailCode: z.enum(syncDetails),
    /** Saved contacts that need a look, at most 200. */
    report: z.array(
      z.strictObject({
        name: z.string(),
        phone: z.string().nullable(),
        why: z.string(),
        whyCode: z.enum(reported),
      }),
    ),
  }),
)
