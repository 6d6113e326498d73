import type { ArrivedMail } from './server'

const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] ?? c)

/** The text as written, addresses in it as links. */
const body = (text: string): string =>
  escape(text).replaceAll(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}" target="_blank" rel="noopener">${url}</a>`)

const article = ({ id, at, from, to, subject, text }: ArrivedMail): string => `
<article aria-labelledby="mail-${id}">
<h2 id="mail-${id}">${escape(subject)}</h2>
<p class="to">From ${escape(from)} to ${escape(to.join(', '))} · <time datetime="${at}">${at.slice(0, 16).replace('T', ' ')} UTC</time></p>
<pre>${body(text)}</pre>
</article>`

/** Looks again every few seconds; newest first. */
export function mailPage(mails: readonly ArrivedMail[], to: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Mails</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 0 }
article { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; padding: 1rem; margin: 1rem 0 }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .75rem 0 0 }
.to { margin: .25rem 0 0; font-size: .875rem; overflow-wrap: anywhere }
</style>
</head>
<body>
<main>
<h1>Mails${to ? ` to ${escape(to)}` : ''}</h1>
<p>Whatever the app sends arrives here and goes nowhere else.</p>
${mails.length > 0 ? mails.map(article).join('') : '<p>No mails yet.</p>'}
</main>
</body>
</html>
`
}
