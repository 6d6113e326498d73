import { after } from 'next/server'
import { web } from '@/lib/http/context'
import { handleAppEvent } from '@/lib/http/webhooks'

export async function POST(request: Request): Promise<Response> {
  return await handleAppEvent(await web(), request, after)
}
