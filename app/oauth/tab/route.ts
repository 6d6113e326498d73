import { randomBytes } from 'node:crypto'
import { pickLanguage } from '@/components/language'
import { tabCodeProvider } from '@/lib/http/auth-options'
import { installTexts } from '@/lib/http/install-texts'
import { page } from '@/lib/http/page'

export const dynamic = 'force-dynamic'

/** Spends the code behind the hash sign as next-auth wants it: with a token that proves the request comes from this page. */
const source = (failure: string) => `
const failed = () => { document.getElementById('text').textContent = ${JSON.stringify(failure)} }
const code = location.hash.slice(1)
history.replaceState(null, '', location.pathname)
fetch('/api/auth/csrf').then((answer) => answer.json()).then(({ csrfToken }) =>
  fetch('/api/auth/callback/${tabCodeProvider}', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrfToken, code, json: 'true' }),
  })).then((answer) => { if (answer.ok) location.replace('/embed'); else failed() }).catch(failed)
`

export function GET(request: Request): Response {
  const { language } = pickLanguage(request.headers.get('accept-language'))
  const texts = installTexts[language]
  return page({
    status: 200,
    language,
    title: texts.signingIn,
    text: texts.oneMoment,
    script: { source: source(texts.tabCodeSpent), nonce: randomBytes(16).toString('base64') },
  })
}
