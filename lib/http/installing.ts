import { randomBytes } from 'node:crypto'
import { and, eq, gt, lt } from 'drizzle-orm'
import { oauthStates } from '@/db/schema/sub-accounts'
import { install, type Installed } from '@/lib/bridge/sub-account/install'
import { recogniseUser } from '@/lib/bridge/sub-account/recognise-user'
import { settleInstalls } from '@/lib/bridge/sub-account/settle-installs'
import { CrmError } from '@/lib/highlevel/highlevel'
import { isSameSecret, sha256 } from '@/lib/seal'
import { cookieOf, sessionSetCookie } from './browser-session'
import { installTexts, type InstallLanguage, type InstallTexts } from './install-texts'
import { page } from './page'
import { isLocal, peerOf } from './peer'
import type { Web } from './web'
import type { Later } from './webhooks'

const stateLifeMs = 10 * 60_000
const stateCookie = '__Host-trunkline.state'

/** Sends the browser to the CRM's chooser with a state that only this browser can bring back as its own. */
export async function startInstall(web: Web, request: Request, language: InstallLanguage = 'en'): Promise<Response> {
  if (isTooOften(web, request)) return again(language, 429, 'notInstalledYet', 'tooOften')
  const state = randomBytes(32).toString('base64url')
  const now = web.ctx.clock.now()
  try {
    await web.ctx.db.delete(oauthStates).where(lt(oauthStates.expiresAt, now))
    await web.ctx.db
      .insert(oauthStates)
      .values({ stateHash: sha256(state), expiresAt: new Date(now.getTime() + stateLifeMs) })
  } catch (error) {
    return notNow(web, error, language)
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
export async function finishInstall(
  web: Web,
  request: Request,
  later: Later,
  language: InstallLanguage = 'en',
): Promise<Response> {
  // Each brings a code that costs the CRM an answer.
  if (isTooOften(web, request)) return again(language, 429, 'notInstalledYet', 'tooOften')
  const texts = installTexts[language]
  const query = new URL(request.url).searchParams
  const [code, state] = [query.get('code'), query.get('state')]
  if (query.has('error')) return again(language, 400, 'notInstalled', 'cancelled')
  if (!code || code.length > 2_000) return again(language, 400, 'notInstalled', 'noCode')
  let installed: Installed
  let cookies: [string, string][] = []
  try {
    if (state && !(await spendState(web, state))) return again(language, 400, 'notInstalled', 'stateSpent')
    installed = await install(web.ctx, { code })
    later(() => settleInstalls(web.ctx))
    if (state && isSame(cookieOf(request, stateCookie), state)) cookies = await signIn(web, installed)
  } catch (error) {
    return notNow(web, error, language)
  }
  return page({
    status: 200,
    language,
    title: texts.installed,
    text: installed.locationId === null ? texts.installedInAll : texts.installedHere,
    link: { href: crmUrl(web), label: texts.openCrm },
    headers: [...cookies, ['set-cookie', `${stateCookie}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`]],
  })
}

async function spendState(web: Web, state: string): Promise<boolean> {
  const spent = await web.ctx.db
    .delete(oauthStates)
    .where(and(eq(oauthStates.stateHash, sha256(state)), gt(oauthStates.expiresAt, web.ctx.clock.now())))
    .returning({ stateHash: oauthStates.stateHash })
  return spent.length > 0
}

async function signIn(web: Web, { companyId, locationId, userId }: Installed): Promise<[string, string][]> {
  if (userId === null) return []
  const type = locationId === null ? 'agency' : 'account'
  const user = await recogniseUser(web.ctx, { companyId, locationId, userId, type, name: '', email: '' })
  return user ? [['set-cookie', await sessionSetCookie(web, user)]] : []
}

const isSame = (given: string | null, expected: string) => given !== null && isSameSecret(given, expected)

/** The chooser stands beside the CRM's own pages, on a marketplace host of the same domain or on the same host. */
function crmUrl(web: Web): string {
  const { protocol, host } = new URL(web.settings.highlevel.authorizeUrl)
  return `${protocol}//${host.replace(/^marketplace\./, 'app.')}/`
}

/** By the address it comes from; what this machine itself asks for is the operator's own affair. */
function isTooOften(web: Web, request: Request): boolean {
  return !isLocal(request) && web.rates.installs.take(peerOf(request)) !== null
}

function again(
  language: InstallLanguage,
  status: number,
  title: 'notInstalled' | 'notInstalledYet',
  text: keyof InstallTexts,
): Response {
  const texts = installTexts[language]
  const link = { href: '/oauth/install', label: texts.startAgain }
  return page({ status, language, title: texts[title], text: texts[text], link })
}

function notNow(web: Web, error: unknown, language: InstallLanguage): Response {
  if (error instanceof CrmError && (error.kind === 'unauthorised' || error.kind === 'refused'))
    return again(language, 400, 'notInstalled', 'codeRefused')
  if (error instanceof CrmError && error.kind === 'suspended') return again(language, 400, 'notInstalled', 'paused')
  web.ctx.log.error({ route: '/oauth', err: error }, 'an install could not be finished')
  return again(language, 503, 'notInstalledYet', 'notNow')
}
