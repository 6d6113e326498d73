import type { Database } from '@/db/client'
import { createGroup } from '@/db/group-commit'
import { LostOwnership } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import type { Sql } from 'postgres'

/** Who writes: the session and the epoch under which its lease was taken. */
export interface Owner {
  sessionId: SessionId
  epoch: number
}

/** What must become durable together. */
export interface Step {
  puts: { type: string; id: string; sealed: Buffer }[]
  drops: { type: string; id: string }[]
  creds: Buffer | null
  inbox: { id: string; sealed: Buffer }[]
  /** Inbox rows the product has heard. */
  heard: string[]
  /** Inbox rows that have become pointless. */
  gone: string[]
}

export const emptyStep = (): Step => ({ puts: [], drops: [], creds: null, inbox: [], heard: [], gone: [] })

/** Resolves once the step is committed. Rejects with LostOwnership, having written nothing, or with the database's error. */
export type Commit = (owner: Owner, step: Step) => Promise<void>

/**
 * One statement for the steps of all sessions that fall into the same moment. The fence takes FOR KEY SHARE on each lease
 * row whose epoch is still the writer's: a renewal of the lease passes, a takeover (it changes the epoch, part of a unique
 * index) waits for this commit, and this one waits for a takeover under way and then finds the epoch moved. Rows of a
 * session whose epoch has moved join nothing, so nothing of theirs is written.
 */
const statement = `
with fence as materialized (
  select l.session_id, l.epoch
  from leases l join unnest($1::uuid[], $2::int8[]) as o(session_id, epoch)
    on o.session_id = l.session_id and o.epoch = l.epoch
  for key share of l
), puts as (
  insert into whatsapp_keys (session_id, type, id, sealed)
  select p.session_id, p.type, p.id, p.sealed
  from unnest($3::uuid[], $4::int8[], $5::text[], $6::text[], $7::bytea[]) as p(session_id, epoch, type, id, sealed)
  join fence using (session_id, epoch)
  on conflict (session_id, type, id) do update set sealed = excluded.sealed
), drops as (
  delete from whatsapp_keys k
  using unnest($8::uuid[], $9::int8[], $10::text[], $11::text[]) as d(session_id, epoch, type, id)
  join fence using (session_id, epoch)
  where k.session_id = d.session_id and k.type = d.type and k.id = d.id
), creds as (
  insert into whatsapp_credentials (session_id, sealed)
  select c.session_id, c.sealed
  from unnest($12::uuid[], $13::int8[], $14::bytea[]) as c(session_id, epoch, sealed)
  join fence using (session_id, epoch)
  on conflict (session_id) do update set sealed = excluded.sealed, updated_at = now()
), inbox as (
  insert into whatsapp_inbox (session_id, id, sealed)
  select i.session_id, i.id, i.sealed
  from unnest($15::uuid[], $16::int8[], $17::text[], $18::bytea[]) as i(session_id, epoch, id, sealed)
  join fence using (session_id, epoch)
  on conflict do nothing
), heard as (
  update whatsapp_inbox i set heard_at = now()
  from unnest($19::uuid[], $20::int8[], $21::text[]) as h(session_id, epoch, id)
  join fence using (session_id, epoch)
  where i.session_id = h.session_id and i.id = h.id and i.heard_at is null
), gone as (
  delete from whatsapp_inbox i
  using unnest($22::uuid[], $23::int8[], $24::text[]) as g(session_id, epoch, id)
  join fence using (session_id, epoch)
  where i.session_id = g.session_id and i.id = g.id
)
select session_id, epoch from fence`

const arrays = { uuid: 2951, int8: 1016, text: 1009, bytea: 1001 } as const

interface Item {
  owner: Owner
  step: Step
}

/** One per process: all its lines share the statement and so the commit. */
export function createCommit(db: Database): Commit {
  const client = (db as Database & { $client: Sql }).$client

  async function write(items: Item[]): Promise<(undefined | Error)[]> {
    const rows = await client.unsafe<{ session_id: string; epoch: string }[]>(statement, parameters(items, client), {
      prepare: true,
    })
    const owned = new Set(rows.map((row) => `${row.session_id}/${row.epoch}`))
    return items.map(({ owner }) => (owned.has(ownerKey(owner)) ? undefined : new LostOwnership(owner.sessionId)))
  }

  const group = createGroup<Item, undefined>(async (items) => {
    try {
      return await write(items)
    } catch (error) {
      if (items.length === 1 || !isRefusal(error)) throw error
      // One step PostgreSQL refuses must not take the others with it.
      return Promise.all(items.map((item) => write([item]).then(([result]) => result, asError)))
    }
  })

  return async (owner, step) => {
    await group({ owner, step })
  }
}

const ownerKey = (owner: Owner) => `${owner.sessionId}/${owner.epoch}`
const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)))

/** PostgreSQL answered and said no to the data itself (classes 22 and 23), as opposed to being away. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^2[23]/.test(String(error.code))
}

function parameters(items: Item[], client: Sql) {
  const owners = new Map(items.map(({ owner }) => [ownerKey(owner), owner]))
  // Within one statement a row may be touched once, so the last word on each key wins.
  const keys = new Map<string, { owner: Owner; type: string; id: string; sealed: Buffer | null }>()
  const creds = new Map<string, { owner: Owner; sealed: Buffer }>()
  const inbox: { owner: Owner; id: string; sealed: Buffer }[] = []
  const heard: { owner: Owner; id: string }[] = []
  const gone: { owner: Owner; id: string }[] = []
  for (const { owner, step } of items) {
    const key = ownerKey(owner)
    for (const put of step.puts) keys.set(`${key}/${put.type}/${put.id}`, { owner, ...put })
    for (const drop of step.drops) keys.set(`${key}/${drop.type}/${drop.id}`, { owner, ...drop, sealed: null })
    if (step.creds) creds.set(key, { owner, sealed: step.creds })
    for (const row of step.inbox) inbox.push({ owner, ...row })
    for (const id of step.heard) heard.push({ owner, id })
    for (const id of step.gone) gone.push({ owner, id })
  }
  const all = [...keys.values()]
  const puts = all.filter((key): key is typeof key & { sealed: Buffer } => key.sealed !== null)
  const drops = all.filter((key) => key.sealed === null)
  const typed = (values: readonly unknown[], type: keyof typeof arrays) => client.typed(values as never, arrays[type])
  const who = (rows: readonly { owner: Owner }[]) => [
    typed(
      rows.map((row) => row.owner.sessionId),
      'uuid',
    ),
    typed(
      rows.map((row) => row.owner.epoch),
      'int8',
    ),
  ]
  const text = <Row>(rows: readonly Row[], pick: (row: Row) => string) => typed(rows.map(pick), 'text')
  const bytes = (rows: readonly { sealed: Buffer }[]) =>
    typed(
      rows.map((row) => row.sealed),
      'bytea',
    )
  const credRows = [...creds.values()]
  return [
    ...who([...owners.values()].map((owner) => ({ owner }))),
    ...who(puts),
    text(puts, (row) => row.type),
    text(puts, (row) => row.id),
    bytes(puts),
    ...who(drops),
    text(drops, (row) => row.type),
    text(drops, (row) => row.id),
    ...who(credRows),
    bytes(credRows),
    ...who(inbox),
    text(inbox, (row) => row.id),
    bytes(inbox),
    ...who(heard),
    text(heard, (row) => row.id),
    ...who(gone),
    text(gone, (row) => row.id),
  ]
}
