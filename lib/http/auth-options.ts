import type { AuthOptions, CookieOption, User as AuthUser } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { isInstalled } from '@/lib/bridge/sub-account/recognise-user'
import {
  cookieIn,
  cookieOptions,
  endSession,
  findSession,
  lifeSeconds,
  openSession,
  sessionCookie,
} from './browser-session'
import type { User } from './embed-token'
import { spendTabCode } from './tab-code'
import type { Web } from './web'

export const tabCodeProvider = 'tab-code'

type SignedIn = AuthUser & { person: User }
/** What next-auth carries from a request to the cookie: the id of a session, or whom to open one for. */
type Carried = { id?: string; person?: User }

const cookie = (name: string): CookieOption => ({ name: `__Host-trunkline.${name}`, options: cookieOptions })

/** Sign-in of a tab of its own: a one-time code is the only credential there is. */
export function authOptions(web: Web): AuthOptions {
  return {
    secret: web.keys.nextAuth,
    session: { strategy: 'jwt', maxAge: lifeSeconds },
    // In place of its own token: the id of a session the server can end.
    jwt: {
      async encode({ token }) {
        const { id, person } = (token ?? {}) as Carried
        return id ?? (person ? await openSession(web, person) : '')
      },
      async decode({ token: id }) {
        const found = id ? await findSession(web, id) : null
        return found && { id: id!, person: found.user }
      },
    },
    events: {
      async signOut({ token }) {
        const { id } = (token ?? {}) as Carried
        if (id) await endSession(web, id)
      },
    },
    pages: { signIn: '/embed', error: '/embed' },
    cookies: {
      sessionToken: { name: sessionCookie, options: cookieOptions },
      csrfToken: cookie('csrf'),
      callbackUrl: cookie('callback'),
    },
    providers: [
      CredentialsProvider({
        id: tabCodeProvider,
        name: 'Code',
        credentials: { code: {} },
        async authorize(given, { headers }): Promise<SignedIn | null> {
          const person = given?.code ? await spendTabCode(web, given.code) : null
          if (!person || !(await isInstalled(web.ctx, person.companyId, person.locationId))) return null
          const before = cookieIn(String((headers as Record<string, unknown> | undefined)?.cookie ?? ''), sessionCookie)
          if (before) await endSession(web, before)
          return { id: person.userId, name: person.name, email: person.email, person }
        },
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (user && 'person' in user ? { person: (user as SignedIn).person } : token),
      session({ session, token }) {
        const { person } = token as Carried
        return { expires: session.expires, user: person ? { name: person.name, email: person.email } : {} }
      },
    },
    logger: {
      error: (code) => web.ctx.log.warn({ route: '/api/auth', code }, 'a sign-in failed'),
      warn: () => {},
      debug: () => {},
    },
  }
}
