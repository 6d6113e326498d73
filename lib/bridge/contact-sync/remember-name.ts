import type { Queryable } from '@/db/client'
import { writtenNames } from '@/db/schema/contact-sync'
import type { ContactId, LocationId } from '@/lib/ids'

/** The app gave a contact of the CRM this name. */
export async function rememberName(
  tx: Queryable,
  written: { locationId: LocationId; contactId: ContactId; name: string },
): Promise<void> {
  await tx
    .insert(writtenNames)
    .values(written)
    .onConflictDoUpdate({ target: [writtenNames.locationId, writtenNames.contactId], set: { name: written.name } })
}
