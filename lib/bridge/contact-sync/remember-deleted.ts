import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import type { ContactId, LocationId } from '@/lib/ids'

/** A contact deleted in the CRM is not made again by a sync, under any number we know for them. Call it before they are forgotten. */
export async function rememberDeleted(
  tx: Transaction,
  { locationId, contactId }: { locationId: LocationId; contactId: ContactId },
): Promise<void> {
  await tx.execute(sql`
    with gone as (
      update saved_contacts set contact_id = null
      where location_id = ${locationId} and contact_id = ${contactId} returning phone
    ), forgotten as (
      delete from written_names where location_id = ${locationId} and contact_id = ${contactId}
    )
    insert into deleted_contacts (location_id, phone, at)
    select distinct ${locationId}, phone, now() from (
      select phone from gone
      union select phone from people where location_id = ${locationId} and contact_id = ${contactId}
    ) known where phone is not null
    on conflict (location_id, phone) do update set at = excluded.at`)
}

/** They wrote, and so are a contact again. */
export async function forgetDeleted(
  tx: Transaction,
  { locationId, phone }: { locationId: LocationId; phone: string },
): Promise<void> {
  await tx.execute(sql`delete from deleted_contacts where location_id = ${locationId} and phone = ${phone}`)
}
