import { randomBytes } from 'node:crypto'
import { and, eq, gt, lt } from 'drizzle-orm'
import { tabCodes } from '@/db/schema/sub-accounts'
import { sha256 } from '@/lib/seal'
import { claimsOf, parseUser, type User } from './embed-token'
import type { Web } from './web'

const lifeMs = 60_000

/** A code that carries this person from the iframe into a tab of its own, once, within a minute. */
export async function makeTabCode(web: Web, user: User): Promise<{ code: string; url: string; expiresAt: Date }> {
  const code = randomBytes(32).toString('base64url')
  const now = web.ctx.clock.now()
  const expiresAt = new Date(now.getTime() + lifeMs)
  await web.ctx.db.delete(tabCodes).where(lt(tabCodes.expiresAt, now))
  await web.ctx.db.insert(tabCodes).values({ codeHash: sha256(code), actor: claimsOf(user), expiresAt })
  // Behind the hash sign it reaches no log and no referrer.
  return { code, url: `${web.settings.appUrl}/oauth/tab#${code}`, expiresAt }
}

/** Whom the code carried; null when it was used, is over, or never was. */
export async function spendTabCode(web: Web, code: string): Promise<User | null> {
  const [spent] = await web.ctx.db
    .delete(tabCodes)
    .where(and(eq(tabCodes.codeHash, sha256(code)), gt(tabCodes.expiresAt, web.ctx.clock.now())))
    .returning({ actor: tabCodes.actor })
  return spent ? parseUser(spent.actor) : null
}
