export const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] ?? c)

/** The frame every page shares. */
export function page(title: string, body: string, script?: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · Demo CRM</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/crm.css">
</head>
<body>
${body}
${script ? `<script type="module" src="/assets/${script}"></script>` : ''}
</body>
</html>
`
}
