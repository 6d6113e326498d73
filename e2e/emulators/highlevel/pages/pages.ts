import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Crm } from '../crm'
import { page } from './html'

/** The pages for people: small shells whose scripts talk to the control API. */
const ASSETS: Record<string, string> = {
  'crm.css': 'text/css; charset=utf-8',
  'front.js': 'text/javascript; charset=utf-8',
  'inbox.js': 'text/javascript; charset=utf-8',
  'shell.js': 'text/javascript; charset=utf-8',
}

const SHELLS: { pattern: RegExp; title: string; script: string }[] = [
  { pattern: /^\/$/, title: 'Sub-accounts', script: 'front.js' },
]

export const isPagePath = (path: string): boolean =>
  path.startsWith('/assets/') || path.startsWith('/uploads/') || SHELLS.some((one) => one.pattern.test(path))

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

function sendUpload(crm: Crm, response: ServerResponse, id: string): void {
  const upload = crm.store.uploads.get(id)
  if (!upload) send(response, 404, 'text/plain', 'No such file.')
  else send(response, 200, upload.type || 'application/octet-stream', Buffer.from(upload.data, 'base64'))
}

export async function handlePage(crm: Crm, response: ServerResponse, url: URL): Promise<void> {
  const [, folder, name = ''] = url.pathname.split('/')
  if (folder === 'uploads') return sendUpload(crm, response, name)
  if (folder === 'assets') {
    const type = ASSETS[name]
    if (!type) return send(response, 404, 'text/plain', 'No such file.')
    return send(response, 200, type, await readFile(join(import.meta.dirname, name)))
  }
  const shell = SHELLS.find((one) => one.pattern.test(url.pathname))
  send(response, 200, 'text/html; charset=utf-8', page(shell?.title ?? '', '<div id="app"></div>', shell?.script))
}
