import { pickLanguage } from '@/components/language'
import { web } from '@/lib/http/context'
import { startInstall } from '@/lib/http/installing'

export const dynamic = 'force-dynamic'

export async function GET(request: Request): Promise<Response> {
  const { language } = pickLanguage(request.headers.get('accept-language'))
  return await startInstall(await web(), request, language)
}
