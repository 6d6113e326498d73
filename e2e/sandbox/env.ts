// What only the sandbox reads, and how it becomes the ordinary environment of the product's processes.
import { z } from 'zod'
import { EnvError, explain } from '@/lib/env'

const address = (...protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol))

const schema = z.object({
  SANDBOX_HIGHLEVEL_URL: address('http:', 'https:')
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .describe('the http(s) address of a CRM emulator'),
  SANDBOX_WHATSAPP_URL: address('ws:', 'wss:').optional().describe('the ws(s) address of a WhatsApp emulator'),
  SANDBOX_WHATSAPP_ROOT: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .optional()
    .describe("hex of the 32-byte public key that signs the handshake's intermediate certificate"),
  SANDBOX_HOLD_SCALE: z.coerce
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('the share, above 0 and at most 1, of the time messages wait for their session'),
  SANDBOX_CODE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(60)
    .optional()
    .describe('how many seconds, 1 to 60, each code to link a phone lives'),
  SANDBOX_WHATSAPP: z.enum(['emulated', 'real']).optional().describe('real, or emulated (the default)'),
})

export const sandboxNames = Object.keys(schema.shape)

export type WhatsAppNetwork = { kind: 'real' } | { kind: 'emulated'; url: string; root: string }

export interface SandboxEnv {
  highlevelUrl: string | null
  /** Null: none is named, so the built-in emulator serves. */
  whatsapp: WhatsAppNetwork | null
  /** What a person would wait minutes for, specs do not. */
  holdScale: number
  /** Null: as WhatsApp has it, a minute for the first and 20 s for each after it. */
  codeMs: number | null
}

/** Throws EnvError with a line for every bad variable. */
export function readSandboxEnv(source: Record<string, string | undefined>): SandboxEnv {
  const given = Object.fromEntries(
    Object.entries(source).filter(([name, value]) => name.startsWith('SANDBOX_') && value?.trim()),
  )
  const result = schema.safeParse(given)
  const bad = new Set(result.success ? [] : result.error.issues.map((issue) => String(issue.path[0])))
  const lines = sandboxNames
    .filter((name) => bad.has(name))
    .map((name) => explain(name, schema.shape[name as keyof typeof schema.shape].description, true))
  for (const name of Object.keys(given)) if (!sandboxNames.includes(name)) lines.push(`${name}: is not known`)
  const { SANDBOX_WHATSAPP_URL: url, SANDBOX_WHATSAPP_ROOT: root } = given
  if (Boolean(url) !== Boolean(root))
    lines.push('SANDBOX_WHATSAPP_URL and SANDBOX_WHATSAPP_ROOT: belong together; set both or neither')
  if (lines.length > 0 || !result.success) throw new EnvError(lines)
  const isReal = result.data.SANDBOX_WHATSAPP === 'real'
  return {
    highlevelUrl: result.data.SANDBOX_HIGHLEVEL_URL ?? null,
    holdScale: result.data.SANDBOX_HOLD_SCALE ?? 1,
    codeMs: result.data.SANDBOX_CODE_SECONDS === undefined ? null : result.data.SANDBOX_CODE_SECONDS * 1000,
    whatsapp: isReal ? { kind: 'real' } : url && root ? { kind: 'emulated', url, root: root.toLowerCase() } : null,
  }
}

/** The product refuses sandbox variables, so its processes are started without them. */
export function withoutSandbox(source: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(source).filter(([name]) => !name.startsWith('SANDBOX_')))
}
