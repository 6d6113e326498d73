import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readSandboxEnv, sandboxNames, withoutSandbox } from '@/e2e/sandbox/env'
import { EnvError, envNames, readEnv } from './env'

const key = Buffer.alloc(32, 7).toString('base64')
const current = 'c1'.repeat(32)
const older = Buffer.alloc(32, 9).toString('base64url')
const complete = {
  DATABASE_URL: 'postgres://app:secret@127.0.0.1:5432/app',
  APP_SECRET: 'sixteen-characters-or-more',
  ENCRYPTION_KEYS: `k2:${key},k1:${Buffer.alloc(32, 8).toString('base64')}`,
  HIGHLEVEL_CLIENT_ID: 'client',
  HIGHLEVEL_CLIENT_SECRET: 'client-secret',
  HIGHLEVEL_SSO_SECRET: 'sso',
  HIGHLEVEL_PROVIDER_ID: 'provider',
  HIGHLEVEL_DELIVERY_SECRET: `${current},${older}`,
}

function complaints(source: Record<string, string | undefined>): readonly string[] {
  try {
    readEnv(source)
  } catch (error) {
    if (error instanceof EnvError) return error.lines
    throw error
  }
  return []
}

test('what is not given has its default', () => {
  const env = readEnv({ ...complete, APP_URL: '', LOG_LEVEL: ' ' })
  expect(env).toMatchObject({ port: 3000, appUrl: 'http://localhost:3000', isPaced: true, logLevel: 'info' })
  expect(env.highlevel.apiUrl).toBe('https://services.leadconnectorhq.com')
  expect(env.highlevel.webhookPublicKeys).toHaveLength(1)
  expect(env.media.store).toBe('database')
})

test('lists and keys are parsed', () => {
  const env = readEnv({ ...complete, PORT: '8080', APP_URL: 'https://wa.example.com/' })
  expect(env.appUrl).toBe('https://wa.example.com')
  expect(env.port).toBe(8080)
  expect(env.highlevel.deliverySecrets).toEqual([current, older])
  expect(env.keyring.current).toBe('k2')
  expect([...env.keyring.keys.keys()]).toEqual(['k2', 'k1'])
})

test('every missing variable has its own line', () => {
  const lines = complaints({})
  expect(lines.map((line) => line.split(':')[0])).toEqual(Object.keys(complete))
  expect(lines[0]).toBe('DATABASE_URL: is missing; takes the postgres:// address of a PostgreSQL 15 or newer')
})

const bad: [name: string, value: string][] = [
  ['DATABASE_URL', 'mysql://x/y'],
  ['PORT', '70000'],
  ['APP_URL', 'wa.example.com'],
  ['APP_SECRET', 'short'],
  ['ENCRYPTION_KEYS', 'k1:c2hvcnQ='],
  ['ENCRYPTION_KEYS', `k1:${key},k1:${key}`],
  ['HIGHLEVEL_DELIVERY_SECRET', `has/slash${current}`],
  ['HIGHLEVEL_DELIVERY_SECRET', 'c1'.repeat(24)],
  ['HIGHLEVEL_DELIVERY_SECRET', `${current},${older.slice(1)}`],
  ['HIGHLEVEL_WEBHOOK_PUBLIC_KEYS', 'bm90IGEga2V5'],
  ['HIGHLEVEL_DELIVERY_SIGNATURE', 'off'],
  ['MEDIA_STORE', 'disk'],
  ['WORKER_MAX_SESSIONS', '0'],
  ['PACING', 'off'],
  ['LOG_LEVEL', 'loud'],
  ['SANDBOX_HIGHLEVEL_URL', 'http://127.0.0.1:1'],
]
test.each(bad)('%s=%s is refused by name, and its value is not repeated', (name, value) => {
  const lines = complaints({ ...complete, [name]: value })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(new RegExp(`^${name}: `))
  if (name !== 'PACING') expect(lines[0]).not.toContain(value)
})

test('pacing goes off, and a delivery secret is short, only where the composition allows it', () => {
  const source = { ...complete, PACING: 'off', HIGHLEVEL_DELIVERY_SECRET: 'delivery-secret' }
  expect(complaints(source)).toHaveLength(2)
  expect(readEnv(source, { isLenient: true }).isPaced).toBe(false)
})

test('the sandbox reads its variables and hands on the rest', () => {
  const root = 'ab'.repeat(32)
  const source = { ...complete, SANDBOX_WHATSAPP_URL: 'ws://127.0.0.1:2/ws', SANDBOX_WHATSAPP_ROOT: root }
  expect(readSandboxEnv(source)).toEqual({
    highlevelUrl: null,
    whatsapp: { kind: 'emulated', url: 'ws://127.0.0.1:2/ws', root },
    holdScale: 1,
    codeMs: null,
  })
  expect(readEnv(withoutSandbox(source)).highlevel.clientId).toBe('client')
  expect(readSandboxEnv({ SANDBOX_WHATSAPP: 'real' }).whatsapp).toEqual({ kind: 'real' })
  expect(() => readSandboxEnv({ SANDBOX_WHATSAPP_URL: 'ws://127.0.0.1:2' })).toThrow('belong together')
  expect(() => readSandboxEnv({ SANDBOX_WHATSAPP_ROOT: 'xyz' })).toThrow('SANDBOX_WHATSAPP_ROOT')
  expect(readSandboxEnv({ SANDBOX_HOLD_SCALE: '0.05' }).holdScale).toBe(0.05)
  expect(readSandboxEnv({ SANDBOX_CODE_SECONDS: '20' }).codeMs).toBe(20_000)
  expect(() => readSandboxEnv({ SANDBOX_HOLD_SCALE: '0' })).toThrow('SANDBOX_HOLD_SCALE')
  expect(() => readSandboxEnv({ SANDBOX_TYPO: '1' })).toThrow('SANDBOX_TYPO: is not known')
})

test('.env.example lists every variable and no other', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
  const names = [...example.matchAll(/^(?:# )?([A-Z][A-Z_]+)=/gm)].map((match) => match[1])
  expect(names.toSorted()).toEqual([...envNames, ...sandboxNames].toSorted())
})
