export interface PagePolicy {
  path: string
  /** Where the CRM is. */
  crmUrls: readonly string[]
  /** Good for this one answer; Next gives it to every script of its own. */
  nonce: string
  /** React's development build evaluates text. */
  isDevelopment: boolean
}

/**
 * What a page of ours may load and run, and who may show it in a frame. The embed page holds nothing until the parent vouches
 * for a user, and white-label agencies have domains of their own, so any https parent may; the CRM's own origins count too
 * where they are not https. Styles may stand inline: positions and animations are written into `style`.
 */
export function pagePolicy({ path, crmUrls, nonce, isDevelopment }: PagePolicy): string {
  const isEmbed = path === '/embed' || path.startsWith('/embed/')
  const origins = [...new Set(crmUrls.map((url) => new URL(url).origin))].filter(
    (origin) => !origin.startsWith('https:'),
  )
  const ancestors = isEmbed ? ['https:', ...origins].join(' ') : "'none'"
  return [
    `frame-ancestors ${ancestors}`,
    `default-src 'self'`,
    `script-src 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `object-src 'none'`,
  ].join('; ')
}
