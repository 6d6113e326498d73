import { after } from 'next/server'
import { pickLanguage } from '@/components/language'
import { web } from '@/lib/http/context'
import { finishInstall } from '@/lib/http/installing'

export async function GET(request: Request): Promise<Response> {
  const { language } = pickLanguage(request.headers.get('accept-language'))
  return await finishInstall(await web(), request, after, language)
}
