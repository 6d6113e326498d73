import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import type { SessionId } from '@/lib/ids'
import { putDeliveries, type NewDelivery } from '@/lib/outbox/put'
import type { PersonRow } from '../contact/lock-person'
import type { BridgeContext } from '../context'

type Labelled = Pick<PersonRow, 'id' | 'locationId'>

export interface LabelWish {
  sessionId: SessionId
  person: Labelled
  tag: string
  wanted: boolean
}

const atOnce = 1_000

/** What is to become of labels on one person's chat. */
export const wishLabels = (
  ctx: BridgeContext,
  tx: Transaction,
  sessionId: SessionId,
  person: Labelled,
  wishes: readonly { tag: string; wanted: boolean }[],
): Promise<void> =>
  wishLabelsOf(
    ctx,
    tx,
    wishes.map((wish) => ({ ...wish, sessionId, person })),
  )

/** What is to become of labels on chats; the newest wish for a tag replaces those before. */
export async function wishLabelsOf(ctx: BridgeContext, tx: Transaction, wishes: readonly LabelWish[]): Promise<void> {
  const wishedAt = ctx.clock.now().toISOString()
  for (let from = 0; from < wishes.length; from += atOnce) {
    const some = wishes.slice(from, from + atOnce)
    const rows = some.map(({ sessionId, person, tag, wanted }) => ({ sessionId, personId: person.id, tag, wanted }))
    await tx.execute(sql`
      insert into label_wishes (session_id, person_id, tag, wanted, wished_at)
      select "sessionId", "personId", tag, wanted, ${wishedAt}::timestamptz
      from json_to_recordset(${JSON.stringify(rows)}::json) as r("sessionId" uuid, "personId" uuid, tag text, wanted boolean)
      on conflict (session_id, person_id, tag) do update
        set wanted = excluded.wanted, wished_at = excluded.wished_at`)
    const put = new Map(
      some.map(({ sessionId, person }) => [`${sessionId}:${person.id}`, labelDelivery(sessionId, person)]),
    )
    await putDeliveries(tx, [...put.values()])
  }
}

export const labelDelivery = (sessionId: SessionId, person: Labelled): NewDelivery => ({
  kind: 'label',
  key: `label:${sessionId}:${person.id}`,
  // One lane for all labels of an account: a label is made once, before it is put on anything.
  lane: `label:${sessionId}`,
  locationId: person.locationId,
  sessionId,
  subjectId: person.id,
})
