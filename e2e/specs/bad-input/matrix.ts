// Whose each route of the build is, and who may use it how.
export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof methods)[number]

/** Who of the sub-account's own people may use a method: all of them, or those who manage it. */
type Asked = { body?: unknown; query?: string; for?: 'everybody' | 'managers' }

/** Of one sub-account: to outsiders as if it did not exist. */
type Tenant = { of: 'tenant' } & Partial<Record<Method, Asked>>
/** Answers each caller about themselves. */
type Own = { of: 'caller' } & Partial<Record<Method, Asked>>
/** Knows nobody: no tenant's data may be in it, and what it does asks for its own proof. */
type Open = { of: 'nobody' } & Partial<Record<Method, number[]>>

const read: Asked = { for: 'everybody' }
const session = { label: 'Intruder' }
const ofTenant = { locationId: '[locationId]' }

export const routes: Record<string, Tenant | Own | Open> = {
  '/api/v1/locations/[locationId]': { of: 'tenant', GET: read },
  '/api/v1/contacts/[contactId]/session': {
    ...{ of: 'tenant', POST: { body: { ...ofTenant, sessionId: '[sessionId]' }, for: 'managers' } },
    ...{ DELETE: { query: 'locationId=[locationId]', for: 'managers' } },
  },
  '/api/v1/locations/[locationId]/contacts': { of: 'tenant', GET: { query: 'query=ana', for: 'managers' } },
  '/api/v1/locations/[locationId]/alerts': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/entitlement': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/events': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/messages': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/overview': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/routing/preview': {
    ...{ of: 'tenant', POST: { body: { phone: '+34600100100', text: 'who' }, for: 'managers' } },
  },
  '/api/v1/locations/[locationId]/sessions': { of: 'tenant', GET: read, POST: { body: session, for: 'managers' } },
  '/api/v1/locations/[locationId]/settings': {
    ...{ of: 'tenant', GET: read, PATCH: { body: { holdMinutes: 5 }, for: 'managers' } },
  },
  '/api/v1/locations/[locationId]/users': { of: 'tenant', GET: read },
  '/api/v1/messages/[messageId]': { of: 'tenant', GET: read },
  '/api/v1/sessions/[sessionId]': {
    ...{ of: 'tenant', GET: read },
    ...{ PATCH: { body: session, for: 'managers' }, DELETE: { for: 'managers' } },
  },
  '/api/v1/sessions/[sessionId]/contact-sync': { of: 'tenant', GET: read },
  '/api/v1/sessions/[sessionId]/contact-sync/preview': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/label-sync': { of: 'tenant', GET: read },
  '/api/v1/sessions/[sessionId]/label-sync/preview': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/link': { of: 'tenant', POST: read },
  '/api/v1/sessions/[sessionId]/logout': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/messages': {
    ...{ of: 'tenant', POST: { body: { to: '+34600100100', text: 'intruding' }, for: 'everybody' } },
  },
  '/api/v1/sessions/[sessionId]/pairing-code': {
    ...{ of: 'tenant', POST: { body: { phone: '+34600100100' }, for: 'everybody' } },
  },
  '/api/v1/sessions/[sessionId]/priority': {
    ...{ of: 'tenant', GET: { query: 'to=2', for: 'managers' }, PUT: { body: { priority: 2 }, for: 'managers' } },
  },
  '/api/v1/sessions/[sessionId]/qr': { of: 'tenant', GET: read },
  '/api/v1/sessions/[sessionId]/replace-number': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/restart': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/start': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/stop': { of: 'tenant', POST: { for: 'managers' } },

  '/api/v1/me': { of: 'caller', GET: read },
  '/api/v1/locations': { of: 'caller', GET: read },
  '/api/sso/tab-code': { of: 'caller', POST: read },

  '/api/v1/openapi.json': { of: 'nobody', GET: [200] },
  '/api/[...path]': { of: 'nobody', GET: [404], POST: [404], PUT: [404], PATCH: [404], DELETE: [404] },
  '/api/auth/[...nextauth]': { of: 'nobody', GET: [200, 302, 400, 404, 405], POST: [200, 302, 400, 401, 404, 405] },
  '/api/health': { of: 'nobody', GET: [200] },
  '/api/operator/locations/[locationId]/grant': { of: 'nobody', PUT: [404], DELETE: [404] },
  '/api/ready': { of: 'nobody', GET: [200] },
  '/api/sso': { of: 'nobody', POST: [400] },
  '/api/webhooks/app': { of: 'nobody', POST: [401] },
  '/api/webhooks/delivery/[secret]': { of: 'nobody', POST: [404] },
  '/metrics': { of: 'nobody', GET: [404] },
  '/oauth/callback': { of: 'nobody', GET: [400] },
  '/oauth/install': { of: 'nobody', GET: [302] },
  '/oauth/tab': { of: 'nobody', GET: [200] },
  '/': { of: 'nobody', GET: [200, 307] },
  '/_global-error': { of: 'nobody', GET: [404, 500] },
  '/_not-found': { of: 'nobody', GET: [404] },
  '/favicon.ico': { of: 'nobody', GET: [200] },
  '/icon.svg': { of: 'nobody', GET: [200] },
  '/embed': { of: 'nobody', GET: [200] },
  '/embed/[locationId]': { of: 'nobody', GET: [200] },
  '/embed/[locationId]/messages': { of: 'nobody', GET: [200] },
  '/embed/[locationId]/routing': { of: 'nobody', GET: [200] },
  '/embed/[locationId]/settings': { of: 'nobody', GET: [200] },
}

/** Names in brackets become these ids, wherever they stand. */
export const fill = (text: string, ids: Record<string, string>) =>
  text.replace(/\[(\w+)\]/g, (whole, name: string) => ids[name] ?? whole)

export const isPage = (route: string) =>
  !route.startsWith('/api') && !route.startsWith('/oauth') && route !== '/metrics'
