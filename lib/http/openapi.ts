/** The OpenAPI 3.1 document, from the schemas that parse and type the routes. */
import { z } from 'zod'
import { operations, type Operation } from './operations'
import { errorAnswer, named } from './schemas/common'

type Json = Record<string, unknown>

const problems: Record<string, string> = {
  400: 'The request is not understood; `fields` names what and why',
  401: 'The token is missing or over',
  403: 'The role does not allow it',
  404: 'Nothing here that this caller can reach',
  409: 'Not possible as things are; `code` says why',
  413: 'The body is too large',
  429: 'Too often; wait as `Retry-After` says',
  503: 'Not now; wait as `Retry-After` says',
}

export function openapiDocument(serverUrl: string): Json {
  const paths: Record<string, Json> = {}
  for (const [id, operation] of Object.entries<Operation>(operations)) {
    const path = (paths[operation.path] ??= {})
    path[operation.method] = describe(id, operation)
  }
  const { schemas } = z.toJSONSchema(named, {
    target: 'draft-2020-12',
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
  })
  return {
    openapi: '3.1.0',
    info: { title: 'Trunkline', version: '1', description: 'WhatsApp numbers joined to the conversations of a CRM.' },
    servers: [{ url: `${serverUrl}/api/v1` }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema as Json)])),
    },
  }
}

function describe(operationId: string, operation: Operation): Json {
  const body = properties(operation.body)
  return {
    operationId,
    summary: operation.summary,
    parameters: [...parameters(operation.params, 'path'), ...parameters(operation.query, 'query')],
    ...(Object.keys(body).length > 0 && {
      requestBody: { required: true, content: { 'application/json': { schema: reference(operation.body) } } },
    }),
    responses: {
      [operation.status]: success(operation),
      ...Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [
          status,
          { description, content: { 'application/json': { schema: reference(errorAnswer) } } },
        ]),
      ),
    },
  }
}

function success({ answer, stream, summary }: Operation): Json {
  if (stream) return { description: summary, content: { 'text/event-stream': { schema: { type: 'string' } } } }
  if (!answer) return { description: 'Done' }
  return { description: summary, content: { 'application/json': { schema: reference(answer) } } }
}

function parameters(schema: z.ZodType, where: 'path' | 'query'): Json[] {
  const json = bare(z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) as Json)
  const required = new Set((json.required as string[] | undefined) ?? [])
  return Object.entries(properties(schema)).map(([name, schema]) => ({
    name,
    in: where,
    required: where === 'path' || required.has(name),
    schema,
  }))
}

function properties(schema: z.ZodType): Json {
  return (z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }).properties ?? {}) as Json
}

function reference(schema: z.ZodType): Json {
  const id = named.get(schema)?.id
  return id ? { $ref: `#/components/schemas/${id}` } : bare(z.toJSONSchema(schema, { io: 'input' }) as Json)
}

function bare({ $schema: _schema, $id: _id, ...schema }: Json): Json {
  return schema
}
