// For specs that need days to pass: a sandbox of their own, whose time they move. Moving it is felt by everything in it, and by
// nothing else. It starts in seconds: the build is there already, and under `npm test` so is the database server.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTestDatabase } from '@/db/test-database'
import { root } from '@/scripts/children'
import { freePort } from '@/scripts/postgres'
import { test as base, type Places } from './fixtures'
import { openKept } from './sandbox/kept'
import { moveTime } from './sandbox/time'

export { expect } from './fixtures'

export interface Later {
  places: Places
  /** Everything is so much later, at once. */
  pass(ms: number): void
  /** What the operator of this deployment can do. */
  operator(method: 'PUT' | 'DELETE', locationId: string, body?: unknown): Promise<Response>
}

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

export const test = base.extend<object, { later: Later; places: Places }>({
  later: [
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'trunkline-later-'))
      // The database in it may run as another user, who must be able to enter.
      chmodSync(folder, 0o711)
      const database = process.env.TEST_DATABASE_URL ? await createTestDatabase() : null
      const { places, stop } = await startSandbox(folder, database?.url ?? '')
      let aheadMs = 0
      await use({
        places,
        pass(ms) {
          aheadMs += ms
          moveTime(folder, aheadMs)
        },
        operator: (method, locationId, body) =>
          fetch(`${places.app}/api/operator/locations/${locationId}/grant`, {
            method,
            headers: {
              authorization: `Bearer ${openKept(folder).values.OPERATOR_TOKEN}`,
              ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          }),
      })
      await stop()
      await database?.drop()
      rmSync(folder, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  places: [({ later }, use) => use(later.places), { scope: 'worker' }],
})

async function startSandbox(folder: string, databaseUrl: string) {
  const { APP_SECRET: _, OPERATOR_TOKEN: __, APP_URL: ___, ...inherited } = process.env
  const sandbox = spawn(
    process.execPath,
    [join(root, 'scripts/run.mjs'), 'sandbox', '--data', folder, '--movable-time'],
    {
      cwd: root,
      env: { ...inherited, PORT: String(await freePort()), DATABASE_URL: databaseUrl, PACING: 'off' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const stop = async () => {
    if (sandbox.exitCode !== null || sandbox.signalCode !== null) return
    sandbox.kill('SIGTERM')
    await once(sandbox, 'exit')
  }
  const printed = new Map<string, string>()
  for await (const line of createInterface({ input: sandbox.stdout })) {
    const [, name, url] = /^(CRM|Phones|App|Mails) (\S+)$/.exec(line) ?? []
    if (name) printed.set(name.toLowerCase(), url!)
    if (line === 'ready') break
  }
  sandbox.stdout.resume()
  const at = (name: string) => {
    const url = printed.get(name)
    if (!url) throw new Error(`the sandbox printed no address for ${name} before it ended`)
    return url
  }
  return { places: { crm: at('crm'), phones: at('phones'), app: at('app'), mails: at('mails') }, stop }
}
