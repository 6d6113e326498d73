import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { and, eq, gt, lt } from 'drizzle-orm'
import { oauthStates } from '@/db/schema/sub-accounts'
import { install, type Installed } from '@/lib/bridge/sub-account/install'
import { recogniseUser } from '@/lib/bridge/sub-account/recognise-user'
import { settleInstalls } from '@/lib/bridge/sub-account/settle-installs'
import { CrmError } from '@/lib/highlevel/highlevel'
import { cookieOf, sessionSetCookie } from './browser-session'
import { page } from './page'
import type { Web } from './web'
import type { Later } from './webhooks'

const stateLifeMs = 10 * 60_000
const stateCookie = '__Host-trunkline.state'
const hash = (text: string) => createHash('sha256').update(text).digest()

/** Sends the browser to the CRM's chooser with a state that only this browser can bring back as its own. */
export async function startInstall(web: Web): Promise<Response> {
  const state = randomBytes(32).toString('base64url')
  const now = web.ctx.clock.now()
  try {
    await web.ctx.db.delete(oauthStates).where(lt(oauthStates.expiresAt, now))
    await web.ctx.db
      .insert(oauthStates)
      .values({ stateHash: hash(state), expiresAt: new Date(now.getTime() + stateLifeMs) })
  } catch (error) {
    return notNow(web, error)
  }
  return new Response(null, {
    status: 302,
    headers: {
      location: web.ctx.oauth.authorizeUrl(state),
      'cache-control': 'no-store',
      'content-security-policy': "frame-ancestors 'none'",
      'set-cookie': `${stateCookie}=${state}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax`,
    },
  })
}

/**
 * Ends an install. What is installed is what the code's token says. A state must be one we issued and is used up; the
 * browser that started with it is signed in as who installed. Without a state, as when the CRM's marketplace starts, nobody
 * is, so another's code brought into this browser changes nothing in it.
 */
export async function finishInstall(web: Web, request: Request, later: Later): Promise<Response> {
  const query = new URL(request.url).searchParams
  const [code, state] = [query.get('code'), query.get('state')]
  if (query.has('error')) return again(400, 'Not installed', 'The install was cancelled. Nothing was changed.')
  if (!code || code.length > 2_000) return again(400, 'Not installed', 'The CRM sent no code. Start the install again.')
  let installed: Installed
  let cookies: [string, string][] = []
  try {
    if (state && !(await spendState(web, state)))
      return again(400, 'Not installed', 'This install was finished before or began too long ago. Start it again.')
    installed = await install(web.ctx, { code })
    later(() => settleInstalls(web.ctx))
    if (state && isSame(cookieOf(request, stateCookie), state)) cookies = await signIn(web, installed)
  } catch (error) {
    return notNow(web, error)
  }
  return page({
    status: 200,
    title: 'Installed',
    text:
      installed.locationId === null
        ? 'The app is installed in your sub-accounts. Open it in your CRM.'
        : 'The app is installed. Open it in your CRM.',
    link: { href: crmUrl(web), label: 'Open your CRM' },
    headers: [...cookies, ['set-cookie', `${stateCookie}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`]],
  })
}

async function spendState(web: Web, state: string): Promise<boolean> {
  const spent = await web.ctx.db
    .delete(oauthStates)
    .where(and(eq(oauthStates.stateHash, hash(state)), gt(oauthStates.expiresAt, web.ctx.clock.now())))
    .returning({ stateHash: oauthStates.stateHash })
  return spent.length > 0
}

async function signIn(web: Web, { companyId, locationId, userId }: Installed): Promise<[string, string][]> {
  if (userId === null) return []
  const type = locationId === null ? 'agency' : 'account'
  const user = await recogniseUser(web.ctx, { companyId, locationId, userId, type, name: '', email: '' })
  return user ? [['set-cookie', await sessionSetCookie(web, user)]] : []
}

const isSame = (given: string | null, expected: string) =>
  given !== null && timingSafeEqual(hash(given), hash(expected))

/** The chooser stands beside the CRM's own pages, on a marketplace host of the same domain or on the same host. */
function crmUrl(web: Web): string {
  const { protocol, host } = new URL(web.settings.highlevel.authorizeUrl)
  return `${protocol}//${host.replace(/^marketplace\./, 'app.')}/`
}

const again = (status: number, title: string, text: string) =>
  page({ status, title, text, link: { href: '/oauth/install', label: 'Start again' } })

function notNow(web: Web, error: unknown): Response {
  if (error instanceof CrmError && (error.kind === 'unauthorised' || error.kind === 'refused'))
    return again(
      400,
      'Not installed',
      'The CRM did not accept the code: it was used or is too old. Start the install again.',
    )
  if (error instanceof CrmError && error.kind === 'suspended')
    return again(
      400,
      'Not installed',
      'The CRM has paused this sub-account. Activate it there, then start the install again.',
    )
  web.ctx.log.error({ route: '/oauth', err: error }, 'an install could not be finished')
  return again(
    503,
    'Not installed yet',
    'The install could not be finished just now. Wait a minute, then start it again.',
  )
}
