import { after } from 'next/server'
import { web } from '@/lib/http/context'
import { finishInstall } from '@/lib/http/installing'

export async function GET(request: Request): Promise<Response> {
  return await finishInstall(await web(), request, after)
}
