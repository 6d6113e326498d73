import { eq, lt, sql } from 'drizzle-orm'
import { alerts, mails } from '@/db/schema/entitlements'
import { subAccounts } from '@/db/schema/sub-accounts'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { BridgeContext } from '../context'
import { settingsOf } from '../sub-account/settings'
import { writeMail, type MailContent } from './mail-texts'
import { recipientsOf } from './recipients'

/** What can send mails, as the composing file has it. */
export interface Post {
  /** Null: this deployment sends none. */
  mailer: {
    send(mail: {
      id: string
      to: readonly string[]
      subject: string
      text: string
      language: string
    }): Promise<{ refused: number }>
  } | null
  appUrl: string
}

type MailRow = typeof mails.$inferSelect

/** Longer than one attempt can take: until then nobody else tries. */
const claimMs = 120_000
const retryMs = [60_000, 300_000, 900_000, 3_600_000] as const
/** What could not be told within a day is no news any more. */
const goodForMs = 24 * 3_600_000

/**
 * Sends what is due. One worker takes a mail at a time, for longer than sending it takes; one that dies in between leaves it
 * to be sent again under the same Message-ID, so a mail may arrive twice but is never lost.
 */
export async function sendMails(ctx: BridgeContext, post: Post): Promise<void> {
  for (;;) {
    const mail = await claim(ctx)
    if (!mail) return
    try {
      await send(ctx, post, mail)
    } catch (error) {
      const now = ctx.clock.now().getTime()
      const again = now + retryMs[Math.min(mail.attempts, retryMs.length) - 1]!
      const isOver = again > mail.createdAt.getTime() + goodForMs
      // What a server answers may quote the address.
      const why = error instanceof CrmError ? error.kind : ((error as { code?: unknown }).code ?? 'unknown')
      ctx.log.warn({ locationId: mail.locationId, attempt: mail.attempts, reason: String(why) }, 'mail not sent yet')
      await ctx.db
        .update(mails)
        .set(isOver ? { finishedAt: new Date(now), outcome: 'given_up' } : { dueAt: new Date(again) })
        .where(eq(mails.id, mail.id))
    }
  }
}

async function claim(ctx: BridgeContext): Promise<MailRow | undefined> {
  const now = ctx.clock.now()
  const [mail] = await ctx.db
    .update(mails)
    .set({ attempts: sql`${mails.attempts} + 1`, dueAt: new Date(now.getTime() + claimMs) })
    .where(
      eq(
        mails.id,
        sql`(select id from ${mails} where finished_at is null and due_at <= ${now.toISOString()}
          order by due_at, id limit 1 for update skip locked)`,
      ),
    )
    .returning()
  return mail
}

async function send(ctx: BridgeContext, post: Post, mail: MailRow): Promise<void> {
  const finish = async (outcome: NonNullable<MailRow['outcome']>) => {
    await ctx.db.update(mails).set({ finishedAt: ctx.clock.now(), outcome }).where(eq(mails.id, mail.id))
  }
  const where = { locationId: mail.locationId, event: mail.kind }
  if (!post.mailer) {
    ctx.log.info(where, 'mail not sent: SMTP_URL and MAIL_FROM are not set')
    return finish('not_configured')
  }
  const [place] = await ctx.db.select().from(subAccounts).where(eq(subAccounts.id, mail.locationId))
  const isThere = place !== undefined && place.status !== 'uninstalled'
  const to = isThere ? await recipientsOf(ctx, mail.locationId, settingsOf(place)).catch(nobodyIfRefused) : []
  if (!place || to.length === 0) {
    ctx.log.warn(where, 'mail not sent: nobody is known to send it to')
    return finish('nobody')
  }
  const { language } = settingsOf(place)
  // Both columns were written together by `putMail`.
  const content = { kind: mail.kind, facts: mail.facts } as unknown as MailContent
  const words = writeMail(language, content, {
    subAccount: place.name || place.id,
    link: `${post.appUrl}/embed/${encodeURIComponent(place.id)}`,
  })
  const { refused } = await post.mailer.send({ id: mail.id, to, ...words, language })
  ctx.log.info({ ...where, count: to.length - refused }, 'mail sent')
  await finish('sent')
}

/** Without the CRM's permission nobody's address can be known; whatever else it says may be better later. */
function nobodyIfRefused(error: unknown): string[] {
  if (error instanceof CrmError && (error.kind === 'unauthorised' || error.kind === 'refused')) return []
  throw error
}

const keptForMs = 30 * 24 * 3_600_000

/** What was told and what is over is forgotten after a while. */
export async function sweepAlerts(ctx: BridgeContext): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - keptForMs)
  await ctx.db.delete(mails).where(lt(mails.finishedAt, before))
  await ctx.db.delete(alerts).where(lt(alerts.resolvedAt, before))
}
