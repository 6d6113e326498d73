import { z } from 'zod'
import { syncStates } from '@/lib/bridge/contact-sync/contact-sync'
import { labelDetails, labelNoticeCodes, noLabelsCodes } from '@/lib/bridge/labels/label-sync'
import { name } from './common'

const count = z.number().int()

export const labelSync = name(
  'LabelSync',
  z.strictObject({
    state: z.enum(syncStates),
    /** Whether the account has labels; else `why` says what it lacks. */
    available: z.boolean(),
    why: z.string().nullable(),
    whyCode: z.enum(noLabelsCodes).nullable(),
    /** `contacts` that carry a label, and how many tags would be or were `added`. */
    counts: z.strictObject({ labels: count, contacts: count, added: count }).nullable(),
    detail: z.string(),
    /** What `detail` says, for texts in another language. */
    detailCode: z.enum(labelDetails),
    /** What could not be done since a switch of it was turned, such as a label too many. */
    notice: z
      .strictObject({ code: z.enum(labelNoticeCodes), label: z.string().nullable(), text: z.string() })
      .nullable(),
    labels: z.array(z.strictObject({ name: z.string(), tag: z.string(), contacts: count })),
  }),
)
