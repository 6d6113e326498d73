import { actorOf } from '@/lib/http/actor'
import { web } from '@/lib/http/context'
import { guard } from '@/lib/http/guard'
import { answer } from '@/lib/http/respond'
import { makeTabCode } from '@/lib/http/tab-code'

/** "Open in a new tab": the page opens `url`, which signs that tab in once. */
export async function POST(request: Request): Promise<Response> {
  return await guard(request, '/api/sso/tab-code', async () => {
    const { actor } = await actorOf(request)
    const { code, url, expiresAt } = await makeTabCode(await web(), actor)
    return answer(201, { code, url, expiresAt: expiresAt.toISOString() })
  })
}
