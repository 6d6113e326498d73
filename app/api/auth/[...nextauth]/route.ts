import NextAuth from 'next-auth'
import { authOptions } from '@/lib/http/auth-options'
import { web } from '@/lib/http/context'

async function handle(request: Request, route: { params: Promise<{ nextauth: string[] }> }): Promise<Response> {
  const composed = await web()
  // next-auth reads its own address from there and nowhere else.
  process.env.NEXTAUTH_URL ??= composed.settings.appUrl
  return (await NextAuth(authOptions(composed))(request, route)) as Response
}

export { handle as GET, handle as POST }
