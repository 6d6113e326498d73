import { sql } from 'drizzle-orm'
import type { Database } from './client'

/** Every row of every table, as a dump of the database shows it, and for each what `words` it holds: as they are, in hex or in base64. */
export async function findInDump(db: Database, words: readonly string[]): Promise<{ tables: number; found: string[] }> {
  const tables = await db.execute<{ name: string }>(sql`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`)
  const spellings = words.map((word) => {
    const bytes = Buffer.from(word)
    // Base64 depends on where the word begins; the middle of it is the same in one of three.
    const base64 = [0, 1, 2].map((at) =>
      bytes.subarray(at, at + 3 * Math.floor((bytes.length - at) / 3)).toString('base64'),
    )
    return { word, texts: [word, bytes.toString('hex'), ...base64] }
  })
  const found: string[] = []
  for (const { name } of tables) {
    const rows = await db.execute<{ row: string }>(sql.raw(`select t::text as row from ${name} t`))
    for (const { word, texts } of spellings)
      if (rows.some(({ row }) => texts.some((text) => row.includes(text)))) found.push(`${word} in ${name}`)
  }
  return { tables: tables.length, found }
}
