import { NextResponse, type NextRequest } from 'next/server'
import { pagePolicy } from './lib/http/framing'

// The addresses of the CRM, as `lib/env.ts` checked them when the web was composed.
const crmUrls = [process.env.HIGHLEVEL_AUTHORIZE_URL, process.env.HIGHLEVEL_API_URL].filter((url) =>
  URL.canParse(url ?? ''),
)
const isDevelopment = process.env.NODE_ENV === 'development'

export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
  const policy = pagePolicy({ path: request.nextUrl.pathname, crmUrls: crmUrls as string[], nonce, isDevelopment })
  // Next takes the nonce from the request's policy, and gives it to the scripts of the pages it renders.
  const headers = new Headers(request.headers)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  response.headers.set('referrer-policy', 'same-origin')
  response.headers.set('x-content-type-options', 'nosniff')
  return response
}

// Not for the API: going through here costs a route a third of its throughput; its header is fixed in next.config.ts.
export const config = {
  matcher: ['/((?!api/|oauth/(?:install|callback|tab)$|_next/static|_next/image|favicon.ico).*)'],
}
