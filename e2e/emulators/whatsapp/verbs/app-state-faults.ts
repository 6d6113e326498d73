import { z } from 'zod'
import { STATE_FAULTS } from '../app-state/faults'
import { bringUpToDate } from '../wire/sync-keys'
import { FULL_SYNCS } from '../world'
import { number, verb } from './verb'

/** What can be made to go wrong with contacts, labels and names. */
export const appStateFaultVerbs = {
  appStateFault: verb(
    z.object({
      kind: z.enum(STATE_FAULTS),
      number: z.string().optional(),
      on: z.enum(['fetch', 'write']).optional(),
      code: z.number().int().optional(),
      delayMs: z.number().optional(),
      count: z.number().int().positive().optional(),
    }),
    (world, fault) => world.faults.appState.add(fault),
  ),
  withholdKeys: verb(z.object({ number, isWithheld: z.boolean() }), (world, input) => {
    const phone = world.phone(input.number)
    world.faults.appState.withholdKeys(phone.number, input.isWithheld)
    if (!input.isWithheld) for (const companion of phone.companions) bringUpToDate(world, phone, companion)
  }),
  loseNews: verb(z.object({ number, isLost: z.boolean() }), (world, input) =>
    world.faults.appState.loseNews(world.phone(input.number).number, input.isLost),
  ),
  setFullSync: verb(z.object({ form: z.enum(FULL_SYNCS) }), (world, input) => {
    world.fullSync = input.form
  }),
}
