import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ServerResponse } from 'node:http'

const SCRIPT = 'text/javascript; charset=utf-8'
const here = (name: string) => new URL(name, import.meta.url)
const MODULES = ['phones', 'screen', 'rows', 'profile', 'chats', 'bubbles', 'contacts', 'labels', 'devices', 'scan']
const scripts = MODULES.map((name) => [`/${name}.js`, here(`${name}.js`)])
const FILES: Record<string, { from: string | URL; type: string }> = {
  '/': { from: here('index.html'), type: 'text/html; charset=utf-8' },
  '/phones.css': { from: here('phones.css'), type: 'text/css; charset=utf-8' },
  '/jsqr.js': { from: createRequire(import.meta.url).resolve('jsqr'), type: SCRIPT },
  ...Object.fromEntries(scripts.map(([path, from]) => [path, { from, type: SCRIPT }])),
}

/** Answers a request for one of the page's files. Returns false for anything else. */
export function servePage(pathname: string, response: ServerResponse): boolean {
  const file = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined
  if (!file) return false
  response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-store' }).end(readFileSync(file.from))
  return true
}
