import type { InstallLanguage } from './install-texts'

/** A page without a script framework, for the few moments of installing. */
export function page(options: {
  status: number
  language: InstallLanguage
  title: string
  text: string
  link?: { href: string; label: string }
  script?: { source: string; nonce: string }
  headers?: [string, string][]
}): Response {
  const { status, language, title, text, link, script } = options
  const headers = new Headers(options.headers)
  headers.set('content-type', 'text/html; charset=utf-8')
  headers.set('cache-control', 'no-store')
  headers.set('referrer-policy', 'no-referrer')
  headers.set('x-content-type-options', 'nosniff')
  headers.set(
    'content-security-policy',
    [
      `default-src 'none'`,
      `style-src 'unsafe-inline'`,
      `img-src data:`,
      ...(script ? [`script-src 'nonce-${script.nonce}'`, `connect-src 'self'`] : []),
      `base-uri 'none'`,
      `form-action 'none'`,
      `frame-ancestors 'none'`,
    ].join('; '),
  )
  const body = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escape(title)}</title>
<style>
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }
body { margin: 0; min-height: 100vh; display: grid; place-items: center }
main { max-width: 28rem; padding: 2rem; text-align: center }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
a { display: inline-block; margin-top: 1.5rem; padding: .6rem 1.2rem; border-radius: .5rem; background: #16794c; color: #fff; text-decoration: none }
</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<p id="text" role="status">${escape(text)}</p>
${link ? `<a href="${escape(link.href)}">${escape(link.label)}</a>` : ''}
</main>
${script ? `<script nonce="${script.nonce}">${script.source}</script>` : ''}
</body>
</html>
`
  return new Response(body, { status, headers })
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escape = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '')
