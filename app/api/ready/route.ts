import { web } from '@/lib/http/context'
import { handleReady } from '@/lib/http/ready'

export const dynamic = 'force-dynamic'

export async function GET(): Promise<Response> {
  return await handleReady(await web())
}
