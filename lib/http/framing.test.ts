import { expect, test } from 'vitest'
import { pagePolicy } from './framing'

const sandbox = ['http://127.0.0.1:4001/v2/oauth/chooselocation', 'http://127.0.0.1:4001']
const real = ['https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation']
const policy = (path: string, crmUrls: string[], isDevelopment = false) =>
  pagePolicy({ path, crmUrls, nonce: 'once', isDevelopment })

test.each<[string, string[], string]>([
  ['/embed', real, 'frame-ancestors https:;'],
  ['/embed/bN3kWq8TzR5mXv1CfJyE', real, 'frame-ancestors https:;'],
  ['/embed', sandbox, 'frame-ancestors https: http://127.0.0.1:4001;'],
  ['/', sandbox, "frame-ancestors 'none';"],
  ['/embedded', sandbox, "frame-ancestors 'none';"],
  ['/x/embed', real, "frame-ancestors 'none';"],
])('%s', (path, urls, expected) => expect(policy(path, urls).startsWith(expected)).toBe(true))

test('only scripts that carry the nonce run, and what those load', () => {
  const scripts = (text: string) => /script-src ([^;]*)/.exec(text)?.[1]
  expect(scripts(policy('/embed', real))).toBe("'nonce-once' 'strict-dynamic'")
  expect(scripts(policy('/embed', real, true))).toBe("'nonce-once' 'strict-dynamic' 'unsafe-eval'")
})
