/**
 * Who may show our pages in a frame. The embed page holds nothing until the parent vouches for a user, and white-label
 * agencies have domains of their own, so any https parent may; the CRM's own origins count too where they are not https.
 */
export function framingPolicy(path: string, crmUrls: readonly string[]): string {
  const isEmbed = path === '/embed' || path.startsWith('/embed/')
  const origins = [...new Set(crmUrls.map((url) => new URL(url).origin))].filter(
    (origin) => !origin.startsWith('https:'),
  )
  const ancestors = isEmbed ? ['https:', ...origins].join(' ') : "'none'"
  return `frame-ancestors ${ancestors}; base-uri 'self'; object-src 'none'`
}
