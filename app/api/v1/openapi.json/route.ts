import { web } from '@/lib/http/context'
import { openapiDocument } from '@/lib/http/openapi'
import { operations } from '@/lib/http/operations'
import { answer } from '@/lib/http/respond'

export const dynamic = 'force-dynamic'

/** The one thing here that needs no token. */
export async function GET(): Promise<Response> {
  const { settings } = await web()
  return answer(operations.readOpenapi.status, openapiDocument(settings.appUrl))
}
