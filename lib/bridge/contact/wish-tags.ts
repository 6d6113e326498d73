import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { tagWishes } from '@/db/schema/tags'
import type { BridgeContext } from '../context'
import type { PersonRow } from './lock-person'
import { putTagDeliveries } from './tag-delivery'

export interface TagWish {
  tag: string
  wanted: boolean
  /**
   * `label`: from a phone, taken off again only if the app added it. `shared`: the same, but the tag goes both ways, so it is
   * the phone's to take off. `account`: an account tag that is no more. `message`: tells of something that happened.
   */
  because: 'label' | 'shared' | 'account' | 'message'
}

/** Tags to be put on a contact or taken off; the newest wish for a tag replaces those before. The caller has locked the person. */
export async function wishTags(
  ctx: BridgeContext,
  tx: Transaction,
  person: Pick<PersonRow, 'id' | 'locationId'>,
  wishes: readonly TagWish[],
): Promise<void> {
  if (wishes.length === 0) return
  const wishedAt = ctx.clock.now()
  await tx
    .insert(tagWishes)
    .values(wishes.map((wish) => ({ ...wish, personId: person.id, wishedAt })))
    .onConflictDoUpdate({
      target: [tagWishes.personId, tagWishes.tag],
      set: { wanted: sql`excluded.wanted`, because: sql`excluded.because`, wishedAt: sql`excluded.wished_at` },
    })
  await putTagDeliveries(tx, [person])
}

/** The same tag for many. The caller has locked them. */
export async function wishTagOf(
  ctx: BridgeContext,
  tx: Transaction,
  people: readonly Pick<PersonRow, 'id' | 'locationId'>[],
  { tag, wanted, because }: TagWish,
): Promise<void> {
  await tx.execute(sql`
    insert into tag_wishes (person_id, tag, wanted, because, wished_at)
    select value::uuid, ${tag}, ${wanted}::boolean, ${because}, ${ctx.clock.now().toISOString()}::timestamptz
    from json_array_elements_text(${JSON.stringify(people.map(({ id }) => id))}::json)
    on conflict (person_id, tag) do update
      set wanted = excluded.wanted, because = excluded.because, wished_at = excluded.wished_at`)
  await putTagDeliveries(tx, people)
}
