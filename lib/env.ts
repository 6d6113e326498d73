// Every variable the product reads, in one schema. Read by the files that compose a process and by nothing else.
import { createPublicKey } from 'node:crypto'
import { hostname } from 'node:os'
import { z } from 'zod'
import { parseKeyring } from './seal'

/** HighLevel's Ed25519 key for webhook signatures, as published in its webhook guide (November 2026). */
const PUBLISHED_WEBHOOK_KEY = 'MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg='

const text = z.string().trim().min(1)
const url = (...protocols: string[]) =>
  text.refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol))
const webUrl = url('http:', 'https:').transform((value) => value.replace(/\/+$/, ''))
const list = (item: z.ZodType<string, string>) =>
  text.transform((value) => value.split(',').map((part) => part.trim())).pipe(z.array(item))
const keyring = text.transform((value, context) => {
  try {
    return parseKeyring(value)
  } catch {
    context.addIssue('not a keyring')
    return z.NEVER
  }
})
const publicKey = text.refine((value) => {
  try {
    const key = createPublicKey({ key: Buffer.from(value, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519'
  } catch {
    return false
  }
})

const schema = z.object({
  DATABASE_URL: url('postgres:', 'postgresql:').describe('the postgres:// address of a PostgreSQL 15 or newer'),
  PORT: z.coerce.number().int().min(1).max(65535).default(3000).describe('a port from 1 to 65535'),
  APP_URL: webUrl.optional().describe('the public http(s) address of this deployment'),
  APP_SECRET: text.min(16).describe('at least 16 random characters'),
  ENCRYPTION_KEYS: keyring.describe('kid:base64 of 32 random bytes, more after commas; the first encrypts'),
  HIGHLEVEL_CLIENT_ID: text.describe('the client id of the marketplace app'),
  HIGHLEVEL_CLIENT_SECRET: text.describe('the client secret of the marketplace app'),
  HIGHLEVEL_SSO_SECRET: text.describe('the shared secret of the marketplace app'),
  HIGHLEVEL_PROVIDER_ID: text.describe('the id of the conversation provider'),
  HIGHLEVEL_SMS_PROVIDER_ID: text.optional().describe('the id of the SMS-replacing conversation provider'),
  HIGHLEVEL_DELIVERY_SECRET: list(z.string().regex(/^[\w.~-]{8,}$/)).describe(
    '32 random bytes as hex or base64url (openssl rand -hex 32) that end the delivery URL, more after commas; the first is current',
  ),
  HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: list(publicKey)
    .default([PUBLISHED_WEBHOOK_KEY])
    .describe('Ed25519 public keys, base64 SPKI, separated by commas'),
  HIGHLEVEL_API_URL: webUrl.default('https://services.leadconnectorhq.com').describe('an http(s) address'),
  HIGHLEVEL_AUTHORIZE_URL: webUrl
    .default('https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation')
    .describe('an http(s) address'),
  HIGHLEVEL_DELIVERY_SIGNATURE: z.enum(['readback', 'required']).default('readback').describe('readback or required'),
  SMTP_URL: url('smtp:', 'smtps:').optional().describe('an smtp:// or smtps:// address'),
  MAIL_FROM: text.includes('@').optional().describe('the sender address of mails'),
  OPERATOR_TOKEN: text.min(16).optional().describe('at least 16 random characters'),
  MEDIA_STORE: z
    .union([z.literal('database'), url('s3:')])
    .default('database')
    .describe('database, or s3://bucket/prefix'),
  MEDIA_ORIGIN: webUrl.optional().describe('the http(s) origin that serves files'),
  WORKER_NAME: text
    .regex(/^[\w.-]{1,64}$/)
    .optional()
    .describe('up to 64 letters, digits, dots or dashes'),
  WORKER_MAX_SESSIONS: z.coerce.number().int().min(1).optional().describe('a whole number, at least 1'),
  PACING: z.enum(['on', 'off']).default('on').describe('on (off only in the sandbox)'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('trace, debug, info, warn, error, fatal or silent'),
})

export const envNames = Object.keys(schema.shape)

export type Env = ReturnType<typeof readEnv>

/** 256 bits: of hex that is 64 digits, of base64url 43. */
const isLong = (secret: string) => secret.length >= (/^[\da-f]+$/i.test(secret) ? 64 : 43)

/**
 * Throws one EnvError with a line for every bad variable. `isLenient` is for a composition that serves no real number, or was
 * started by one that is not: it may send unpaced, and its delivery URL may be guessed.
 */
export function readEnv(source: Record<string, string | undefined>, options: { isLenient?: boolean } = {}) {
  // `NAME=` in an env file means "not set".
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value?.trim()))
  const result = schema.safeParse(given)
  const bad = new Set(result.success ? [] : result.error.issues.map((issue) => String(issue.path[0])))
  if (!options.isLenient) {
    if (given.PACING === 'off') bad.add('PACING')
    const secrets = given.HIGHLEVEL_DELIVERY_SECRET?.split(',').map((secret) => secret.trim())
    if (secrets && !secrets.every(isLong)) bad.add('HIGHLEVEL_DELIVERY_SECRET')
  }
  const lines = envNames
    .filter((name) => bad.has(name))
    .map((name) => explain(name, schema.shape[name as keyof typeof schema.shape].description, name in given))
  for (const name of Object.keys(given))
    if (name.startsWith('SANDBOX_')) lines.push(`${name}: is for the sandbox only; unset it, or run npm run sandbox`)
  if (lines.length > 0 || !result.success) throw new EnvError(lines)
  return named(result.data)
}

export class EnvError extends Error {
  readonly lines: readonly string[]
  constructor(lines: readonly string[]) {
    super(`The environment is not right:\n${lines.map((line) => `  ${line}`).join('\n')}`)
    this.name = 'EnvError'
    this.lines = lines
  }
}

/** The value itself is never quoted: it may be a secret put in the wrong place. */
export function explain(name: string, takes: string | undefined, isGiven: boolean): string {
  return `${name}: ${isGiven ? 'does not fit' : 'is missing'}; takes ${takes ?? 'a text'}`
}

function named(env: z.output<typeof schema>) {
  return {
    databaseUrl: env.DATABASE_URL,
    port: env.PORT,
    appUrl: env.APP_URL ?? `http://localhost:${env.PORT}`,
    appSecret: env.APP_SECRET,
    keyring: env.ENCRYPTION_KEYS,
    highlevel: {
      clientId: env.HIGHLEVEL_CLIENT_ID,
      clientSecret: env.HIGHLEVEL_CLIENT_SECRET,
      ssoSecret: env.HIGHLEVEL_SSO_SECRET,
      providerId: env.HIGHLEVEL_PROVIDER_ID,
      smsProviderId: env.HIGHLEVEL_SMS_PROVIDER_ID ?? null,
      deliverySecrets: env.HIGHLEVEL_DELIVERY_SECRET,
      webhookPublicKeys: env.HIGHLEVEL_WEBHOOK_PUBLIC_KEYS,
      apiUrl: env.HIGHLEVEL_API_URL,
      authorizeUrl: env.HIGHLEVEL_AUTHORIZE_URL,
      deliverySignature: env.HIGHLEVEL_DELIVERY_SIGNATURE,
    },
    mail: { smtpUrl: env.SMTP_URL ?? null, from: env.MAIL_FROM ?? null },
    operatorToken: env.OPERATOR_TOKEN ?? null,
    media: { store: env.MEDIA_STORE, origin: env.MEDIA_ORIGIN ?? null },
    worker: { name: env.WORKER_NAME ?? `${hostname()}-${process.pid}`, maxSessions: env.WORKER_MAX_SESSIONS ?? null },
    isPaced: env.PACING === 'on',
    logLevel: env.LOG_LEVEL,
  }
}
