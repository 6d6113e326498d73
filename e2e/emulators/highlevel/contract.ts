import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { patchContacts, patchConversations, patchMarketplace, patchOauth } from './patches'

/**
 * The published API as a judge: finds the operation a request means, says what is wrong with the request in the words
 * the CRM uses, and says what is wrong with an answer of ours.
 */
export interface Schema {
  type?: string
  enum?: string[]
  format?: string
  nullable?: boolean
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
  oneOf?: Schema[]
  allOf?: Schema[]
  anyOf?: Schema[]
  minItems?: number
  additionalProperties?: boolean
  $ref?: string
}

interface Parameter {
  name: string
  in: 'query' | 'path' | 'header'
  required?: boolean
  schema: Schema
}

interface SpecOperation {
  operationId: string
  parameters?: Parameter[]
  security?: Record<string, string[]>[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}

export interface SpecFile {
  paths: Record<string, Record<string, SpecOperation>>
  components: { schemas: Record<string, Schema> }
}

export interface Operation {
  /** `<method> <path template>`, with `v3` in front where only that version has it in this shape. */
  key: string
  area: string
  v3: boolean
  spec: SpecOperation
  /** The Version header this operation declares; absent where it needs none. */
  version: string | undefined
  security: { scheme: string; scopes: string[] }[]
}

export interface Found {
  operation: Operation
  params: Record<string, string>
}

export interface Complaint {
  /** In the CRM's own words. */
  message: string
  unknownKey: boolean
}

const FILES: [name: string, patch?: (file: SpecFile) => void][] = [
  ['v2.oauth', patchOauth],
  ['v2.marketplace', patchMarketplace],
  ['v2.conversations', patchConversations],
  ['v2.contacts', patchContacts],
  ['v2.users'],
  ['v2.locations'],
  ['v3.oauth-v3'],
  ['v3.locations-v3'],
]

/** OpenAPI 3.0 to JSON Schema, and references made absolute within one registry. */
function toJsonSchema(value: unknown, root: string, closed: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => toJsonSchema(item, root, closed))
  if (value === null || typeof value !== 'object') return value
  const out: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(value)) {
    if (key === 'nullable' || key === 'deprecated' || key === 'default') continue
    if (key === 'type' && child === 'any') continue
    if (key === '$ref' && typeof child === 'string') {
      out.$ref = child.startsWith('#') ? `${root}${child}` : child.replace(/^.*common-schemas\.json/, 'common')
    } else if (key === 'properties' && child && typeof child === 'object') {
      out.properties = Object.fromEntries(
        Object.entries(child).map(([name, property]) => [name, toJsonSchema(property, root, closed)]),
      )
    } else out[key] = toJsonSchema(child, root, closed)
  }
  if ((value as Schema).nullable && typeof out.type === 'string') out.type = [out.type, 'null']
  if (closed && out.properties && out.additionalProperties === undefined) out.additionalProperties = false
  return out
}

const where = (error: ErrorObject): string => error.instancePath.slice(1).replaceAll('/', '.')

/** One validator error in class-validator's words. */
function phrase(error: ErrorObject): Complaint {
  const path = where(error) || 'body'
  const inside = where(error) ? `${where(error)}.` : ''
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'additionalProperties':
      return { message: `property ${inside}${params.additionalProperty} should not exist`, unknownKey: true }
    case 'required':
      return { message: `${inside}${params.missingProperty} should not be empty`, unknownKey: false }
    case 'enum':
      return {
        message: `${path} must be one of the following values: ${(params.allowedValues as string[]).join(', ')}`,
        unknownKey: false,
      }
    case 'minItems':
      return { message: `${path} must contain at least ${params.limit} elements`, unknownKey: false }
    case 'type':
      return {
        message: `${path} must be ${String(params.type) === 'array' ? 'an array' : `a ${params.type}`}`,
        unknownKey: false,
      }
    default:
      return { message: `${path} ${error.message ?? 'is invalid'}`, unknownKey: false }
  }
}

export type Contract = ReturnType<typeof loadContract>

export function loadContract(folder = join(import.meta.dirname, 'openapi')) {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as SpecFile
  const options = { strict: false, allErrors: true }
  const ajv = new Ajv(options)
  const query = new Ajv({ ...options, coerceTypes: true })
  for (const one of [ajv, query]) formats.default(one)
  ajv.addSchema({ $id: 'common', ...(toJsonSchema(read('common.common-schemas'), 'common', false) as object) })

  const operations: { operation: Operation; method: string; pattern: RegExp; names: string[]; fixed: number }[] = []
  const roots = new Map<Operation, string>()
  for (const [name, patch] of FILES) {
    const file = read(name)
    patch?.(file)
    for (const closed of [true, false]) {
      const root = `${name}-${closed ? 'in' : 'out'}`
      ajv.addSchema({ $id: root, components: toJsonSchema(file.components, root, closed) as object })
    }
    for (const [path, methods] of Object.entries(file.paths))
      for (const [method, spec] of Object.entries(methods)) {
        const v3 = name.startsWith('v3')
        const versions = spec.parameters?.find((one) => one.in === 'header' && one.name === 'Version')?.schema.enum
        const operation: Operation = {
          key: `${v3 ? 'v3 ' : ''}${method} ${path}`,
          area: path.split('/')[1] ?? '',
          v3,
          spec,
          version: versions?.[0],
          security: (spec.security ?? []).flatMap((one) =>
            Object.entries(one).map(([scheme, scopes]) => ({ scheme, scopes })),
          ),
        }
        const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
        const pattern = new RegExp(`^${path.replace(/\/$/, '').replaceAll(/\{\w+\}/g, '([^/]+)')}/?$`)
        operations.push({ operation, method, pattern, names, fixed: path.split('/').length - names.length })
        roots.set(operation, name)
      }
  }
  operations.sort((a, b) => b.fixed - a.fixed)

  const compiled = new Map<string, ValidateFunction>()
  const validator = (key: string, judge: Ajv, schema: () => unknown): ValidateFunction => {
    let known = compiled.get(key)
    if (!known) compiled.set(key, (known = judge.compile(schema() as object)))
    return known
  }
  const complaints = (validate: ValidateFunction, value: unknown): Complaint[] =>
    validate(value) ? [] : (validate.errors ?? []).filter((one) => one.keyword !== 'anyOf').map(phrase)

  return {
    operations: operations.map((one) => one.operation),

    /** The operation of this request under this Version; paths that only v3 has are gated by the header. */
    find(method: string, path: string, version: string | undefined): Found | undefined {
      const candidates = operations.filter((one) => one.method === method.toLowerCase() && one.pattern.test(path))
      const chosen =
        candidates.find((one) => one.operation.v3 === (version === 'v3')) ?? candidates.find((one) => !one.operation.v3)
      const match = chosen?.pattern.exec(path)
      if (!chosen || !match) return undefined
      return {
        operation: chosen.operation,
        params: Object.fromEntries(
          chosen.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]),
        ),
      }
    },

    checkQuery(operation: Operation, values: Record<string, string>, params: Record<string, string>): Complaint[] {
      const build = (place: 'query' | 'path') => () => {
        const declared = (operation.spec.parameters ?? []).filter((one) => one.in === place)
        return {
          type: 'object',
          required: declared.filter((one) => one.required).map((one) => one.name),
          properties: Object.fromEntries(declared.map((one) => [one.name, toJsonSchema(one.schema, '', false)])),
          additionalProperties: place === 'path',
        }
      }
      return [
        ...complaints(validator(`query ${operation.key}`, query, build('query')), { ...values }),
        ...complaints(validator(`path ${operation.key}`, query, build('path')), { ...params }),
      ]
    },

    checkBody(operation: Operation, contentType: string, body: unknown): Complaint[] {
      const content = operation.spec.requestBody?.content
      if (!content) return []
      const schema = content[contentType]?.schema ?? Object.values(content)[0]?.schema
      if (!schema) return []
      const root = `${roots.get(operation)}-in`
      return complaints(
        validator(`body ${operation.key}`, ajv, () => toJsonSchema(schema, root, true)),
        body,
      )
    },

    takesContentType: (operation: Operation, contentType: string): boolean =>
      !operation.spec.requestBody || contentType in operation.spec.requestBody.content,

    /** What is wrong with an answer of the emulator; nothing for statuses the published files leave without a body. */
    checkAnswer(operation: Operation, status: number, body: unknown): string[] {
      const declared = operation.spec.responses[String(status)]
      if (!declared) return status < 400 ? [`status ${status} is not documented`] : []
      const schema = declared.content?.['application/json']?.schema
      if (!schema) return []
      const root = `${roots.get(operation)}-out`
      const validate = validator(`answer ${status} ${operation.key}`, ajv, () => toJsonSchema(schema, root, false))
      if (validate(body)) return []
      return (validate.errors ?? []).map((error) => `${where(error) || 'body'} ${error.message ?? ''}`)
    },
  }
}
