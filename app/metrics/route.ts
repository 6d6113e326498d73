import { web } from '@/lib/http/context'
import { handleMetrics } from '@/lib/http/metrics'

export async function GET(request: Request): Promise<Response> {
  return await handleMetrics(await web(), request)
}
