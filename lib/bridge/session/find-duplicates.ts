import { eq, inArray } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { SessionId } from '@/lib/ids'
import type { Actor } from '../context'
import type { SessionRow } from '../reach'
import type { DuplicateView } from './session'

/**
 * Of sessions on which somebody scanned a number that another session has: which one. One of another sub-account is named to
 * the agency that has both, and to nobody else.
 */
export async function findDuplicates(
  tx: Queryable,
  rows: readonly SessionRow[],
  reader?: Actor,
): Promise<Map<SessionId, DuplicateView>> {
  const asked = rows.filter(({ reason, duplicateOf }) => reason === 'duplicate_number' && duplicateOf !== null)
  if (asked.length === 0) return new Map()
  const found = await tx
    .select({
      ...{ id: sessions.id, label: sessions.label, wanted: sessions.wanted, locationId: sessions.locationId },
      ...{ place: subAccounts.name, companyId: subAccounts.companyId },
    })
    .from(sessions)
    .innerJoin(subAccounts, eq(subAccounts.id, sessions.locationId))
    .where(
      inArray(
        sessions.id,
        asked.map(({ duplicateOf }) => duplicateOf!),
      ),
    )
  const agency = reader?.kind === 'user' && reader.role === 'agency_admin' ? reader.companyId : null
  const views = new Map<SessionId, DuplicateView>()
  for (const row of asked) {
    const twin = found.find(({ id, wanted }) => id === row.duplicateOf && wanted !== 'removed')
    if (twin?.locationId === row.locationId) views.set(row.id, { label: twin.label, place: null })
    else if (twin && twin.companyId === agency) views.set(row.id, { label: twin.label, place: twin.place })
  }
  return views
}
