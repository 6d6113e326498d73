/** One saved contact into the CRM. May be repeated at any point: who was made before a crash is found, not made again. */
import { and, eq } from 'drizzle-orm'
import { writtenNames, type SkipReason } from '@/db/schema/contact-sync'
import { inTransaction } from '@/db/transaction'
import { CrmError, type SubAccountApi } from '@/lib/highlevel/highlevel'
import type { ContactId, UserId } from '@/lib/ids'
import { createContact } from '../contact/create-contact'
import type { BridgeContext } from '../context'
import type { Settings } from '../sub-account/settings'
import type { ContactFacts } from './facts'
import { matchContact, type Match, type SavedContact } from './match'
import { rememberDeleted } from './remember-deleted'
import { isSameName, judgeName } from './name-policy'

export interface Pushed {
  row: SavedContact
  outcome: NonNullable<SavedContact['outcome']>
  why: SkipReason | null
  contactId: ContactId | null
  /** The name in the CRM that is the app's own. */
  wrote: string | null
  /** People look this contact up by another number. */
  isIndirect: boolean
}

export interface PushInput {
  row: SavedContact
  /** Numbers that are the session's own. */
  ownPhone: string | null
  /** Whose a new contact becomes. */
  assignTo: UserId | null
  facts: ContactFacts
  settings: Settings
}

/** Throws CrmError when the CRM cannot take it now; what it will never take is skipped. */
export async function pushContact(ctx: BridgeContext, crm: SubAccountApi, input: PushInput): Promise<Pushed> {
  const { row, settings } = input
  const { otherName, identity, wasDeleted } = input.facts
  const skipped = (why: SkipReason): Pushed => ({ ...nothing, row, outcome: 'skipped', why })
  if (!row.phone) return skipped('no_number')
  if (row.phone === input.ownPhone) return skipped('own_number')
  const saved = otherName ?? row.name!
  const isOverruled = otherName !== null && !isSameName(otherName, row.name!)
  try {
    const match = await matchContact(crm, row, identity)
    if (match && 'gone' in match) {
      await inTransaction(ctx.db, (tx) => rememberDeleted(tx, { locationId: row.locationId, contactId: match.gone }))
      return skipped('deleted_in_crm')
    }
    if (match) {
      const done = await bring(ctx, crm, row, match, saved, settings)
      return isOverruled && !done.why ? { ...done, why: 'other_session' } : done
    }
    if (wasDeleted) return skipped('deleted_in_crm')
    const tags = settings.contactTag === '' ? [] : [settings.contactTag]
    const { id } = await createContact(ctx, row.locationId, {
      name: saved,
      phone: row.phone,
      source: 'WhatsApp',
      tags,
      assignedTo: input.assignTo,
    })
    return {
      ...{ row, outcome: 'created', contactId: id, wrote: saved, isIndirect: false },
      why: isOverruled ? 'other_session' : null,
    }
  } catch (error) {
    if (error instanceof CrmError && error.kind === 'refused') return skipped('refused')
    throw error
  }
}

const nothing = { contactId: null, wrote: null, isIndirect: false }

async function bring(
  ctx: BridgeContext,
  crm: SubAccountApi,
  row: SavedContact,
  { contact, several, isIndirect }: Match,
  saved: string,
  settings: Settings,
): Promise<Pushed> {
  const [written] = await ctx.db
    .select({ name: writtenNames.name })
    .from(writtenNames)
    .where(and(eq(writtenNames.locationId, row.locationId), eq(writtenNames.contactId, contact.id)))
  const verdict = judgeName({
    ...{ policy: settings.namePolicy, current: contact.name, saved },
    ours: [written?.name ?? null, row.triedName],
  })
  // A chat without a saved name fills what is empty and overrules nobody.
  const mayWrite = row.isSaved || contact.name === null
  const writes = verdict === 'write' && mayWrite
  if (writes) await crm.renameContact(contact.id, saved)
  const tag = settings.contactTag.toLowerCase()
  const lacksTag = tag !== '' && !contact.tags.some((one) => one.toLowerCase() === tag)
  if (lacksTag) await crm.addTags(contact.id, [settings.contactTag])
  const wasTried = verdict === 'same' && row.triedName !== null && isSameName(row.triedName, saved)
  return {
    ...{ row, contactId: contact.id, isIndirect },
    outcome: writes || lacksTag ? 'updated' : 'same',
    why: several ? 'several' : verdict === 'keep' ? 'kept_name' : null,
    wrote: writes || wasTried ? saved : null,
  }
}
