import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Crm } from '../crm'
import { page } from './html'

/** The pages for people: small shells whose scripts talk to the control API. */
const TYPES: Record<string, string> = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' }
const ASSETS = new Set(['crm.css', 'dom.js', 'frame.js', 'bubble.js', 'front.js', 'apps.js', 'inbox.js', 'shell.js'])

const SHELLS: { pattern: RegExp; title: string; script: string }[] = [
  { pattern: /^\/$/, title: 'Sub-accounts', script: 'front.js' },
  { pattern: /^\/apps$/, title: 'Apps', script: 'apps.js' },
  { pattern: /^\/l\/\w+$/, title: 'Conversations', script: 'inbox.js' },
  { pattern: /^\/(l\/\w+\/)?app$/, title: 'App', script: 'shell.js' },
]

/** What browsers ask for by themselves; not an API call gone wrong. */
const isBrowserNoise = (path: string): boolean => path === '/favicon.ico' || path.startsWith('/.well-known/')

export const isPagePath = (path: string): boolean =>
  isBrowserNoise(path) ||
  path.startsWith('/assets/') ||
  path.startsWith('/uploads/') ||
  SHELLS.some((one) => one.pattern.test(path))

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  const length = Buffer.byteLength(body)
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': length, 'Cache-Control': 'no-store' })
  response.end(body)
}

function sendUpload(crm: Crm, response: ServerResponse, id: string): void {
  const upload = crm.store.uploads.get(id)
  if (!upload) return send(response, 404, 'text/plain', 'No such file.')
  response.setHeader('Content-Security-Policy', 'sandbox')
  send(response, 200, upload.type || 'application/octet-stream', Buffer.from(upload.data, 'base64'))
}

export async function handlePage(crm: Crm, response: ServerResponse, url: URL): Promise<void> {
  if (isBrowserNoise(url.pathname)) return send(response, 404, 'text/plain', 'No such file.')
  const [, folder, name = ''] = url.pathname.split('/')
  if (folder === 'uploads') return sendUpload(crm, response, name)
  if (folder === 'assets') {
    if (!ASSETS.has(name)) return send(response, 404, 'text/plain', 'No such file.')
    return send(
      response,
      200,
      TYPES[name.split('.').at(-1) ?? ''] ?? '',
      await readFile(join(import.meta.dirname, name)),
    )
  }
  const shell = SHELLS.find((one) => one.pattern.test(url.pathname))
  send(response, 200, 'text/html; charset=utf-8', page(shell?.title ?? '', '<div id="app"></div>', shell?.script))
}
