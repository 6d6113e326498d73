/** What the choice of a session is made from, as the database has it: the same for a message and for the question "why?". */
import { and, eq, ne, sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { channelKinds } from '@/lib/channel/kinds'
import type { LocationId, SessionId, UserId } from '@/lib/ids'
import type { PersonRow } from '../contact/lock-person'
import type { Choice, RoutingFacts } from '../session/choose'
import { chooseSession } from '../session/choose'
import { limitsOf, type Limit } from '../session/limits'
import { warmUpDay } from '../session/warm-up'
import { defaultSettings, settingsOf, type Settings } from '../sub-account/settings'
import { parsePhone } from './phone'
import { parseRoutingCode, type ParsedText } from './routing-code'
import { firstIdAt } from './since'

export interface Asked {
  locationId: LocationId
  text: string
  /** Named by the API or a workflow action. */
  explicit?: SessionId | undefined
  /** The number it is to leave from, where the CRM names one. */
  fromPhone?: string | null | undefined
  /** Who wrote it; null: no person. */
  userId: UserId | null
  /** A session that was waited for already. */
  inVain?: SessionId | undefined
  /** What the CRM said a moment ago; left out, what is remembered of the person counts. */
  contact?: RoutingFacts['contact']
}

export interface Answered {
  choice: Choice
  parsed: ParsedText
  settings: Settings
}

type Person = Pick<PersonRow, 'phone' | 'tags' | 'ownerUserId' | 'affinitySessionId' | 'affinitySetBy' | 'hasWritten'>

export const nobody: Person = {
  ...{ phone: null, tags: null, ownerUserId: null },
  ...{ affinitySessionId: null, affinitySetBy: null, hasWritten: false },
}

/**
 * Reads the sessions and chooses. `lock` keeps them from changing their status until the transaction ends: one that goes down
 * afterwards finds what was bound to it.
 */
export async function answerRouting(
  tx: Queryable,
  now: Date,
  person: Person,
  asked: Asked,
  options: { lock: boolean },
): Promise<Answered> {
  const reading = tx
    .select({
      id: sessions.id,
      label: sessions.label,
      phone: sessions.phone,
      priority: sessions.priority,
      channel: sessions.channel,
      status: sessions.status,
      isLinked: sessions.isLinked,
      routesFor: sql<UserId | null>`case when ${sessions.routesForUser} then ${sessions.assignedUserId} end`,
      firstLinkedAt: sessions.firstLinkedAt,
      settings: subAccounts.settings,
    })
    .from(sessions)
    .innerJoin(subAccounts, eq(subAccounts.id, sessions.locationId))
    .where(and(eq(sessions.locationId, asked.locationId), ne(sessions.wanted, 'removed')))
  const rows = await (options.lock ? reading.for('share', { of: sessions }) : reading)
  const settings = rows[0] ? settingsOf(rows[0]) : defaultSettings
  const parsed = parseRoutingCode(asked.text, channelKinds.whatsapp.routingPrefix, {
    aliases: settings.migrationAliases,
  })
  const from = asked.fromPhone ? parsePhone(asked.fromPhone) : null
  // A session that lost its number to another one still shows it.
  const withNumber = from === null ? [] : rows.filter((row) => row.phone === from)
  const byNumber = withNumber.find((row) => row.isLinked) ?? withNumber[0]
  const remembered = person.tags === null ? null : { tags: person.tags, owner: person.ownerUserId }
  const facts: RoutingFacts = {
    sessions: rows,
    settings,
    ...(asked.explicit ? { explicit: { session: asked.explicit, by: 'sender' } } : {}),
    ...(!asked.explicit && byNumber ? { explicit: { session: byNumber.id, by: 'number' } } : {}),
    code:
      parsed.priority === null
        ? null
        : { priority: parsed.priority, text: parsed.code!, conflict: parsed.conflict, channel: 'whatsapp' },
    affinity: person.affinitySessionId && { session: person.affinitySessionId, setBy: person.affinitySetBy },
    sender: asked.userId,
    phone: person.phone,
    contact: asked.contact === undefined ? remembered : asked.contact,
    ...(asked.inVain ? { inVain: asked.inVain } : {}),
  }
  const choice = chooseSession(facts)
  // How much each has sent matters only where one of several is taken by its turn.
  if (choice.trace?.rule !== 7 || rows.length < 2) return { choice, parsed, settings }
  const limits = limitsOf(rows[0]!.settings).filter((limit) => limit.holdsManual || asked.userId === null)
  const opensConversation = settings.warmUp && !person.hasWritten && facts.affinity === null
  const capped = await findCapped(tx, now, rows, limits, opensConversation)
  return { choice: capped.size === 0 ? choice : chooseSession({ ...facts, capped }), parsed, settings }
}

/** Sessions that have sent, or have yet to send, as much as they may in the hour, in the day, or to new contacts today. */
async function findCapped(
  tx: Queryable,
  now: Date,
  rows: readonly { id: SessionId; firstLinkedAt: Date | null }[],
  limits: readonly Limit[],
  opensConversation: boolean,
): Promise<Set<SessionId>> {
  const capped = new Set<SessionId>()
  for (const { most, spanMs } of limits) {
    const since = firstIdAt(new Date(now.getTime() - spanMs))
    const full = await tx.execute<{ id: SessionId }>(sql`
      select s.id from json_to_recordset(${JSON.stringify(rows.map(({ id }) => ({ id })))}::json) as s(id uuid)
      where (select count(*) from (
        select 1 from messages m where m.session_id = s.id and m.id >= ${since} and m.direction = 'outbound'
          and m.origin <> 'phone' and m.status <> 'failed' limit ${most}) counted) >= ${most}`)
    for (const { id } of full) capped.add(id)
  }
  if (!opensConversation) return capped
  const warming = rows.flatMap(({ id, firstLinkedAt }) => {
    const day = warmUpDay(firstLinkedAt, now)
    return day ? [{ id, since: day.from, most: day.limit }] : []
  })
  if (warming.length === 0) return capped
  const full = await tx.execute<{ id: SessionId }>(sql`
    select s.id from json_to_recordset(${JSON.stringify(warming)}::json) as s(id uuid, since timestamptz, most int)
    where (select count(*) from chats c where c.session_id = s.id and c.opened_at >= s.since) >= s.most`)
  for (const { id } of full) capped.add(id)
  return capped
}
