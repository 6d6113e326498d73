import { NextResponse, type NextRequest } from 'next/server'
import { framingPolicy } from './lib/http/framing'

// The addresses of the CRM, as `lib/env.ts` checked them when the web was composed.
const crmUrls = [process.env.HIGHLEVEL_AUTHORIZE_URL, process.env.HIGHLEVEL_API_URL].filter((url) =>
  URL.canParse(url ?? ''),
)

export function proxy(request: NextRequest): NextResponse {
  const response = NextResponse.next()
  response.headers.set('content-security-policy', framingPolicy(request.nextUrl.pathname, crmUrls as string[]))
  response.headers.set('referrer-policy', 'same-origin')
  response.headers.set('x-content-type-options', 'nosniff')
  return response
}

// Not for the API: going through here costs a route a third of its throughput; its header is fixed in next.config.ts.
export const config = {
  matcher: ['/((?!api/|oauth/(?:install|callback|tab)$|_next/static|_next/image|favicon.ico).*)'],
}
