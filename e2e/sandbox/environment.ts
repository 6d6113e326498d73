// The environment of the sandbox's processes: what was given, where it counts, over what the sandbox keeps.
import { join } from 'node:path'
import { type Env, EnvError, readEnv } from '@/lib/env'
import { root } from '@/scripts/children'
import { readSandboxEnv, type SandboxEnv, type WhatsAppNetwork, withoutSandbox } from './env'
import { openKept } from './kept'

type Source = Record<string, string | undefined>

export const defaultFolder = join(root, '.data')

/**
 * For a process that joins emulators already running, its own or others: the variables name them, and HIGHLEVEL_* apply
 * as given. The result still holds the SANDBOX_* variables; the web is started without them.
 */
export function joinedEnvironment(source: Source, needs: { whatsapp: boolean }, folder = defaultFolder): Source {
  const sandbox = readSandboxEnv(source)
  const lines: string[] = []
  if (!source.DATABASE_URL?.trim())
    lines.push('DATABASE_URL: is missing; takes the postgres:// address of a PostgreSQL 15 or newer')
  if (!sandbox.highlevelUrl)
    lines.push('SANDBOX_HIGHLEVEL_URL: is missing; takes the http(s) address of a CRM emulator')
  if (needs.whatsapp && !sandbox.whatsapp)
    lines.push('SANDBOX_WHATSAPP_URL and SANDBOX_WHATSAPP_ROOT: are missing; they name a WhatsApp emulator')
  if (lines.length > 0 || !sandbox.highlevelUrl) throw new EnvError(lines)
  return { ...openKept(folder).values, ...addresses(sandbox.highlevelUrl), ...onlyGiven(source) }
}

/** What the sandbox's worker is composed from: the product's values, and the network its lines are opened on. */
export function readWorkerEnvironment(
  source: Source,
): { env: Env; network: WhatsAppNetwork } & Pick<SandboxEnv, 'holdScale' | 'codeMs'> {
  const environment = joinedEnvironment(source, { whatsapp: true })
  const { whatsapp, holdScale, codeMs } = readSandboxEnv(environment)
  if (!whatsapp) throw new Error('joinedEnvironment let a worker through without a network')
  return { env: readEnv(withoutSandbox(environment), { isLenient: true }), network: whatsapp, holdScale, codeMs }
}

/** For the built-in CRM emulator: whatever the environment says of HighLevel is set aside. */
export function builtInEnvironment(source: Source, folder: string): Source {
  const rest = Object.entries(onlyGiven(source)).filter(([name]) => !name.startsWith('HIGHLEVEL_'))
  return { ...openKept(folder).values, ...Object.fromEntries(rest) }
}

export function addresses(highlevelUrl: string): Source {
  return {
    SANDBOX_HIGHLEVEL_URL: highlevelUrl,
    HIGHLEVEL_API_URL: highlevelUrl,
    HIGHLEVEL_AUTHORIZE_URL: `${highlevelUrl}/v2/oauth/chooselocation`,
  }
}

/** The web is the product's own, unchanged; pacing is the worker's and off only there. */
export function forWeb(environment: Source): NodeJS.ProcessEnv {
  const { PACING: _, ...rest } = withoutSandbox(environment)
  return rest as NodeJS.ProcessEnv
}

function onlyGiven(source: Source): Source {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value?.trim()))
}
