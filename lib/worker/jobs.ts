/** What runs on a schedule in every worker. */
import { lt } from 'drizzle-orm'
import { tokens } from '@/db/schema/sub-accounts'
import { sendMails, sweepAlerts, type Post } from '@/lib/bridge/alert/send-mails'
import { settleAlerts } from '@/lib/bridge/alert/settle'
import { sweepPreviews } from '@/lib/bridge/contact-sync/switch'
import { sweepTagWrites } from '@/lib/bridge/contact/forget-contact'
import { settleEntitlements } from '@/lib/bridge/entitlement/settle'
import { expireWaiting } from '@/lib/bridge/message/expire-waiting'
import { recoverOutbound } from '@/lib/bridge/message/recover-outbound'
import { checkUsers } from '@/lib/bridge/sub-account/check-users'
import type { ConnectContext } from '@/lib/bridge/sub-account/connect-context'
import { probeSuspended } from '@/lib/bridge/sub-account/probe-suspended'
import { settleInstalls } from '@/lib/bridge/sub-account/settle-installs'
import { eraseUninstalled, sweepMemory } from '@/lib/bridge/sub-account/sweep'
import type { Channel } from '@/lib/channel/channel'
import type { CompanyId, LocationId } from '@/lib/ids'
import type { Job } from '@/lib/jobs/start-jobs'
import { sweepOutbox } from '@/lib/outbox/sweep'

/** For a composition that sends no mails. */
const noPost: Post = { mailer: null, appUrl: '' }

export const scheduledJobs = (ctx: ConnectContext, channels: readonly Channel[], post: Post = noPost): Job[] => [
  { name: 'settle-installs', cron: '* * * * *', run: () => settleInstalls(ctx) },
  {
    name: 'expire-waiting',
    cron: '*/5 * * * *',
    async run() {
      while ((await expireWaiting(ctx)) > 0);
    },
  },
  // Each sub-account when it is its turn, every ten minutes.
  { name: 'recover-outbound', cron: '* * * * *', run: () => recoverOutbound(ctx) },
  { name: 'probe-suspended', cron: '17 * * * *', run: () => probeSuspended(ctx) },
  { name: 'check-users', cron: '41 3 * * *', run: () => checkUsers(ctx) },
  // These three also run when something happens: db/notify.ts.
  { name: 'entitlements', cron: '* * * * *', run: () => settleEntitlements(ctx) },
  { name: 'alerts', cron: '* * * * *', run: () => settleAlerts(ctx) },
  { name: 'mails', cron: '* * * * *', run: () => sendMails(ctx, post) },
  { name: 'refresh-tokens', cron: '*/10 * * * *', run: () => refreshTokens(ctx) },
  {
    name: 'sweep',
    cron: '*/10 * * * *',
    async run() {
      const sweeps = [
        () => sweepOutbox(ctx.db),
        () => sweepMemory(ctx.db),
        () => sweepTagWrites(ctx),
        () => sweepPreviews(ctx.db),
        () => eraseUninstalled(ctx.db),
        () => sweepAlerts(ctx),
        ...channels.map((channel) => () => channel.sweep()),
      ]
      for (const sweep of sweeps)
        try {
          await sweep()
        } catch (error) {
          ctx.log.warn({ event: 'sweep', err: error }, 'a part of the sweep failed')
        }
    },
  },
]

/** Before anybody needs them: a token refreshed while it still works is one a lost answer cannot take away. */
export async function refreshTokens(ctx: ConnectContext): Promise<void> {
  const due = await ctx.db
    .select({ kind: tokens.ownerKind, id: tokens.ownerId })
    .from(tokens)
    .where(lt(tokens.refreshAt, ctx.clock.now()))
    .limit(500)
  for (const { kind, id } of due) {
    try {
      ctx.tokens.forget(kind === 'Company' ? { kind, id: id as CompanyId } : { kind, id: id as LocationId })
      await (kind === 'Company' ? ctx.tokens.agencyToken(id as CompanyId) : ctx.tokens.accessToken(id as LocationId))
    } catch (error) {
      ctx.log.warn({ event: 'refresh-tokens', err: error }, 'a token could not be refreshed yet')
    }
  }
}
