import { randomBytes } from 'node:crypto'
import { tabCodeProvider } from '@/lib/http/auth-options'
import { page } from '@/lib/http/page'

export const dynamic = 'force-dynamic'

/** Spends the code behind the hash sign as next-auth wants it: with a token that proves the request comes from this page. */
const source = `
const failed = () => { document.getElementById('text').textContent = 'This link was used or is too old. Open a new tab from your CRM again.' }
const code = location.hash.slice(1)
history.replaceState(null, '', location.pathname)
fetch('/api/auth/csrf').then((answer) => answer.json()).then(({ csrfToken }) =>
  fetch('/api/auth/callback/${tabCodeProvider}', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrfToken, code, json: 'true' }),
  })).then((answer) => { if (answer.ok) location.replace('/embed'); else failed() }).catch(failed)
`

export function GET(): Response {
  return page({
    status: 200,
    title: 'Signing in',
    text: 'One moment…',
    script: { source, nonce: randomBytes(16).toString('base64') },
  })
}
