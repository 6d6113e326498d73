import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ServerResponse } from 'node:http'

const here = (name: string) => new URL(name, import.meta.url)
const FILES: Record<string, { from: () => Buffer; type: string }> = {
  '/': { from: () => readFileSync(here('index.html')), type: 'text/html; charset=utf-8' },
  '/phones.css': { from: () => readFileSync(here('phones.css')), type: 'text/css; charset=utf-8' },
  '/phones.js': { from: () => readFileSync(here('phones.js')), type: 'text/javascript; charset=utf-8' },
  '/scan.js': { from: () => readFileSync(here('scan.js')), type: 'text/javascript; charset=utf-8' },
  '/jsqr.js': {
    from: () => readFileSync(createRequire(import.meta.url).resolve('jsqr')),
    type: 'text/javascript; charset=utf-8',
  },
}

/** Answers a request for one of the page's files. Returns false for anything else. */
export function servePage(pathname: string, response: ServerResponse): boolean {
  const file = FILES[pathname]
  if (!file) return false
  response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-store' }).end(file.from())
  return true
}
