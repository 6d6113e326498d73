// What the sandbox makes once and keeps: secrets, ids, and the ports its pages had last time.
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const kept = z.object({
  values: z.record(z.string(), z.string()),
  ports: z.record(z.string(), z.number()),
})
export type Kept = z.infer<typeof kept>

/** Processes that start together read the same values: whoever is first makes the file, in one step. */
export function openKept(folder: string): Kept {
  const file = join(folder, 'sandbox.json')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    const draft = write(folder, { values: makeValues(), ports: {} })
    try {
      linkSync(draft, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft, { force: true })
    }
  }
  return kept.parse(JSON.parse(readFileSync(file, 'utf8')))
}

export function keepPorts(folder: string, ports: Kept['ports']): void {
  const now = openKept(folder)
  renameSync(write(folder, { ...now, ports: { ...now.ports, ...ports } }), join(folder, 'sandbox.json'))
}

function write(folder: string, value: Kept): string {
  const draft = join(folder, `.sandbox-${randomBytes(6).toString('hex')}.json`)
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  chmodSync(draft, 0o600)
  return draft
}

function makeValues(): Record<string, string> {
  const hex = (bytes: number) => randomBytes(bytes).toString('hex')
  return {
    APP_SECRET: hex(32),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    HIGHLEVEL_CLIENT_ID: `${hex(12)}-${hex(4)}`,
    HIGHLEVEL_CLIENT_SECRET: hex(18),
    HIGHLEVEL_SSO_SECRET: hex(18),
    HIGHLEVEL_PROVIDER_ID: hex(12),
    HIGHLEVEL_DELIVERY_SECRET: hex(32),
    OPERATOR_TOKEN: hex(16),
  }
}
