import { sql } from 'drizzle-orm'
import type { Queryable } from './client'

/** From now on a statement that takes more rows of these tables than fit the time of one transaction fails, at any speed. */
export async function allowSmallSteps(db: Queryable, tables: readonly string[], rows: number): Promise<void> {
  await db.execute(
    sql.raw(`
    create or replace function refuse_large_steps() returns trigger language plpgsql as $$ begin
      if (select count(*) from taken) > ${rows} then raise 'too many rows of % at once', tg_table_name; end if;
      return null;
    end $$`),
  )
  for (const table of tables)
    for (const [event, which] of [
      ['update', 'new'],
      ['delete', 'old'],
    ])
      await db.execute(
        sql.raw(`
        create or replace trigger small_steps_${event} after ${event} on ${table}
          referencing ${which} table as taken for each statement execute function refuse_large_steps()`),
      )
}

/** How many rows of a table the transaction has read so far, with and without an index. */
export async function rowsRead(tx: Queryable, table: string): Promise<number> {
  const [row] = await tx.execute<{ rows: string }>(sql`
    select seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables where relname = ${table}`)
  return Number(row!.rows)
}
