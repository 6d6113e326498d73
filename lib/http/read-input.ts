import type { z } from 'zod'
import { BridgeError } from '@/lib/errors'

/** Room for the longest text, every character escaped. */
const bodyLimitBytes = 512 * 1024

export function parseQuery<Schema extends z.ZodType>(schema: Schema, url: string): z.output<Schema> {
  const given = [...new URL(url).searchParams]
  const keys = new Set<string>()
  for (const [key] of given) {
    if (keys.has(key)) throw badFields({ [key]: 'given twice' })
    keys.add(key)
  }
  return parse(schema, Object.fromEntries(given))
}

/** An address that cannot name anything names nothing. */
export function parseParams<Schema extends z.ZodType>(schema: Schema, params: unknown): z.output<Schema> {
  const parsed = schema.safeParse(params)
  if (!parsed.success) throw new BridgeError('not_found', 'There is nothing at this address.')
  return parsed.data
}

export async function readBody<Schema extends z.ZodType>(schema: Schema, request: Request): Promise<z.output<Schema>> {
  const text = await readText(request)
  if (text === '') return parse(schema, {})
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? ''))
    throw new BridgeError('bad_request', 'Send the body as application/json.')
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new BridgeError('bad_request', 'The body is not valid JSON.')
  }
  return parse(schema, body)
}

async function readText(request: Request): Promise<string> {
  const tooLarge = () => new BridgeError('too_large', `The body may have at most ${bodyLimitBytes / 1024} KiB.`)
  if (Number(request.headers.get('content-length') ?? 0) > bodyLimitBytes) throw tooLarge()
  if (!request.body) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > bodyLimitBytes) throw tooLarge()
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new BridgeError('bad_request', 'The body is not valid UTF-8.')
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const fields = new Map<string, string>()
  for (const issue of parsed.error.issues) {
    const at = issue.path.join('.')
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) fields.set(at ? `${at}.${key}` : key, 'not a field of this request')
    else if (!fields.has(at || 'body')) fields.set(at || 'body', issue.message)
  }
  throw badFields(Object.fromEntries(fields))
}

function badFields(fields: Record<string, string>): BridgeError {
  return new BridgeError('bad_request', `The request is not understood: ${Object.keys(fields).join(', ')}.`, { fields })
}
