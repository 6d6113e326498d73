import { web } from '@/lib/http/context'
import { guard } from '@/lib/http/guard'
import { handleSso } from '@/lib/http/sso'

export async function POST(request: Request): Promise<Response> {
  return await guard(request, '/api/sso', async () => await handleSso(await web(), request))
}
