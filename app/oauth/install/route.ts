import { web } from '@/lib/http/context'
import { startInstall } from '@/lib/http/installing'

export const dynamic = 'force-dynamic'

export async function GET(): Promise<Response> {
  return await startInstall(await web())
}
