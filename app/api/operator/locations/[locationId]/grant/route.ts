import { web } from '@/lib/http/context'
import { handleGrant } from '@/lib/http/operator'

async function handle(request: Request, { params }: { params: Promise<{ locationId: string }> }): Promise<Response> {
  return await handleGrant(await web(), request, await params)
}

export { handle as DELETE, handle as PUT }
