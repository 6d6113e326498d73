import type { AuthOptions, CookieOption, User as AuthUser } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { isInstalled } from '@/lib/bridge/sub-account/recognise-user'
import { cookieOptions, lifeSeconds, sessionContents, sessionCookie } from './browser-session'
import { parseUser, type User } from './embed-token'
import { spendTabCode } from './tab-code'
import type { Web } from './web'

export const tabCodeProvider = 'tab-code'

type SignedIn = AuthUser & { person: User }

const cookie = (name: string): CookieOption => ({ name: `__Host-trunkline.${name}`, options: cookieOptions })

/** Sign-in of a tab of its own: a one-time code is the only credential there is. */
export function authOptions(web: Web): AuthOptions {
  return {
    secret: web.keys.nextAuth,
    session: { strategy: 'jwt', maxAge: lifeSeconds },
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
        async authorize(given): Promise<SignedIn | null> {
          const person = given?.code ? await spendTabCode(web, given.code) : null
          if (!person || !(await isInstalled(web.ctx, person.companyId, person.locationId))) return null
          return { id: person.userId, name: person.name, email: person.email, person }
        },
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) =>
        user && 'person' in user ? { ...sessionContents((user as SignedIn).person, web.ctx.clock.now()) } : token,
      session({ session, token }) {
        const person = parseUser(token.user)
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
