import { sql } from 'drizzle-orm'
import { firstIdAt } from '@/lib/bridge/message/since'
import { isOperator } from './operator'
import { isLocal } from './peer'
import type { Web } from './web'

/** Counts for Prometheus, read from the database when asked: every process answers the same. */
export async function handleMetrics(web: Web, request: Request): Promise<Response> {
  if (!isLocal(request) && !isOperator(request, web.settings.operatorToken))
    return Response.json({ error: { code: 'not_found', message: 'There is nothing here.' } }, { status: 404 })
  const text = await readMetrics(web)
  return new Response(text, { headers: { 'content-type': 'text/plain; version=0.0.4', 'cache-control': 'no-store' } })
}

interface Sample extends Record<string, unknown> {
  name: string
  labels: Record<string, string>
  value: number
}

const help: Record<string, string> = {
  up: 'Whether the database answered.',
  sub_accounts: 'Sub-accounts by status.',
  sub_accounts_crm_failing: 'Sub-accounts at whose calls the CRM fails.',
  sessions: 'Sessions by status.',
  leases_held: 'Sessions owned by a worker now.',
  deliveries_waiting: 'Unfinished deliveries by kind.',
  delivery_oldest_seconds: 'Age of the oldest unfinished delivery by kind.',
  deliveries_given_up: 'Deliveries given up in the last day by kind.',
  messages_day: 'Messages of the last day by direction and status.',
}

async function readMetrics(web: Web): Promise<string> {
  const dayAgo = firstIdAt(new Date(web.ctx.clock.now().getTime() - 86_400_000))
  const samples: Sample[] = [{ name: 'up', labels: {}, value: 1 }]
  try {
    samples.push(
      ...(await web.ctx.db.execute<Sample>(sql`
        select 'sub_accounts' as name, json_build_object('status', status) as labels, count(*)::float8 as value
        from sub_accounts group by status
        union all
        select 'sub_accounts_crm_failing', '{}'::json, count(*) from crm_budgets where failing_since is not null
        union all
        select 'sessions', json_build_object('status', status)::json, count(*) from sessions where wanted <> 'removed' group by status
        union all
        select 'leases_held', '{}'::json, count(*) from leases where lease_until > now()
        union all
        select 'deliveries_waiting', json_build_object('kind', kind), count(*)
        from deliveries where state = 'ready' group by kind
        union all
        select 'delivery_oldest_seconds', json_build_object('kind', kind), extract(epoch from now() - min(created_at))
        from deliveries where state = 'ready' group by kind
        union all
        select 'deliveries_given_up', json_build_object('kind', kind), count(*)
        from deliveries where state = 'given_up' and finished_at > now() - interval '1 day' group by kind
        union all
        select 'messages_day', json_build_object('direction', direction, 'status', status), count(*)
        from messages where id >= ${dayAgo} group by direction, status`)),
    )
  } catch (error) {
    web.ctx.log.warn({ route: '/metrics', err: error }, 'the database did not answer')
    samples[0]!.value = 0
  }
  const lines: string[] = []
  for (const [name, sentence] of Object.entries(help)) {
    lines.push(`# HELP trunkline_${name} ${sentence}`, `# TYPE trunkline_${name} gauge`)
    for (const sample of samples.filter((one) => one.name === name)) {
      const labels = Object.entries(sample.labels).map(([label, value]) => `${label}="${value}"`)
      lines.push(`trunkline_${name}${labels.length > 0 ? `{${labels.join(',')}}` : ''} ${sample.value}`)
    }
  }
  return `${lines.join('\n')}\n`
}
