import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, notThisLocation, Refusal, refuse } from './answer'
import type { Found, Operation } from './contract'
import { type Crm, violate } from './crm'
import type { FaultRule } from './faults'
import type { Grant } from './nouns'
import { contactOperations } from './operations/contacts'
import { conversationOperations } from './operations/conversations'
import { directoryOperations } from './operations/directory'
import type { Call, Handler } from './operations/kinds'
import { marketplaceOperations } from './operations/marketplace'
import { messageOperations } from './operations/messages'
import { oauthOperations } from './operations/oauth'

/** The CRM's public API: every check it makes before an operation runs, in its order and with its texts. */
const HANDLERS: Record<string, Handler> = {
  ...oauthOperations,
  ...marketplaceOperations,
  ...contactOperations,
  ...conversationOperations,
  ...messageOperations,
  ...directoryOperations,
}

const VERSIONS = new Set(['v3', '2023-02-21', '2021-07-28', '2021-04-15', 'legacy'])
/** These answer 400 with their own texts instead of 422, and need neither Version nor token. */
const OPEN = new Set(['post /oauth/token', 'v3 post /oauth/token', 'post /oauth/reconnect'])

interface Body {
  contentType: string
  values: Record<string, unknown>
  files: Call['files']
}

export async function readRaw(request: IncomingMessage, limit = 64 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw refuse(413, 'request entity too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function parseBody(request: IncomingMessage, raw: Buffer): Promise<Body> {
  const header = request.headers['content-type'] ?? ''
  const contentType = header.split(';')[0]?.trim().toLowerCase() ?? ''
  if (raw.length === 0) return { contentType, values: {}, files: [] }
  if (contentType === 'application/x-www-form-urlencoded')
    return { contentType, values: Object.fromEntries(new URLSearchParams(raw.toString('utf8'))), files: [] }
  if (contentType === 'multipart/form-data') {
    const form = await new Response(new Uint8Array(raw), { headers: { 'content-type': header } }).formData()
    const values: Record<string, unknown> = {}
    const files: Call['files'] = []
    for (const [field, value] of form)
      if (typeof value === 'string') values[field] = value
      else files.push({ field, name: value.name, type: value.type, data: Buffer.from(await value.arrayBuffer()) })
    return { contentType, values, files }
  }
  const parsed: unknown = JSON.parse(raw.toString('utf8'))
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw new SyntaxError('not an object')
  return { contentType, values: parsed as Record<string, unknown>, files: [] }
}

function authenticate(crm: Crm, request: IncomingMessage): Grant {
  const value = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const token = value ? crm.store.tokens.get(value) : undefined
  if (!token || token.kind !== 'access' || token.dead || token.expiresAt <= Date.now())
    throw new Refusal(401, {
      statusCode: 401,
      message: 'Invalid token: access token is invalid',
      error: 'Unauthorized',
    })
  return token.grant
}

const wantsCompany = (scheme: string): boolean => scheme.startsWith('Agency')

function authorise(operation: Operation, grant: Grant): void {
  const declared =
    operation.security.length > 0 ? operation.security : [{ scheme: 'bearer', scopes: ['contacts.write'] }]
  const fitting = declared.filter((one) => wantsCompany(one.scheme) === (grant.userType === 'Company'))
  if (fitting.length === 0)
    throw refuse(
      401,
      'This authClass type is not allowed to access this scope. Please reach out to the Platform team to get it added.',
    )
  const held = new Set(grant.scope.split(/\s+/))
  if (!fitting.some((one) => one.scopes.every((scope) => held.has(scope))))
    throw refuse(401, 'The token is not authorized for this scope.')
}

function assertLocation(
  crm: Crm,
  request: IncomingMessage,
  grant: Grant,
  found: Found,
  query: Record<string, string>,
  body: Body,
): void {
  if (request.headers['location-id'] !== undefined) throw notThisLocation()
  if (found.operation.area === 'oauth' || found.operation.area === 'marketplace') return
  for (const named of [found.params.locationId, query.locationId, body.values.locationId]) {
    if (typeof named !== 'string') continue
    if (
      grant.userType === 'Location'
        ? named !== grant.locationId
        : crm.store.locations.get(named)?.companyId !== grant.companyId
    )
      throw notThisLocation()
  }
}

/** Judges the request by the published files: refuses what the CRM would, and counts every breach. */
function validate(
  crm: Crm,
  request: IncomingMessage,
  path: string,
  found: Found,
  query: Record<string, string>,
  body: Body,
): void {
  const { operation, params } = found
  const { strictKeys } = crm.settings.validation
  const isStrict = strictKeys === 'all' || (strictKeys === 'contacts' && operation.area === 'contacts')
  const complaints = [
    ...crm.contract.checkQuery(operation, query, params),
    ...(operation.spec.requestBody ? crm.contract.checkBody(operation, body.contentType, body.values) : []),
  ].filter((one) => isStrict || !one.unknownKey)
  const messages = [...new Set(complaints.map((one) => one.message))]
  const version = request.headers.version
  const breaches = [...messages]
  if (operation.version && version !== operation.version)
    breaches.push(`Version ${String(version)} where ${operation.version} is declared`)
  if (!crm.contract.takesContentType(operation, body.contentType))
    breaches.push(`Content-Type ${body.contentType || 'missing'} is not declared`)
  if (breaches.length > 0)
    violate(crm, {
      where: 'request',
      method: request.method ?? '',
      path,
      operation: operation.key,
      complaints: breaches,
    })
  if (messages.length > 0 && !OPEN.has(operation.key)) throw refuse(422, messages)
}

interface Outcome extends Answer {
  operation?: Operation
  grant?: Grant
  headers: Record<string, string>
  faults: FaultRule[]
}

async function respond(crm: Crm, request: IncomingMessage, url: URL, raw: Buffer): Promise<Outcome> {
  const method = request.method ?? 'GET'
  const path = url.pathname
  const version = typeof request.headers.version === 'string' ? request.headers.version : undefined
  const outcome: Outcome = { status: 500, body: undefined, headers: {}, faults: [] }
  try {
    const found = crm.contract.find(method, path, version)
    const handler = found && HANDLERS[found.operation.key]
    if (!found || !handler) {
      violate(crm, { where: 'unknown-path', method, path, complaints: [`Cannot ${method} ${path}`] })
      throw refuse(404, `Cannot ${method} ${path}`)
    }
    outcome.operation = found.operation
    const isOpen = OPEN.has(found.operation.key)
    if (!isOpen && version === undefined) throw refuse(401, 'version header was not found.')
    if (!isOpen && version !== undefined && !VERSIONS.has(version)) throw refuse(401, 'version header is invalid')

    const nobody: Grant = { userType: 'Location', companyId: '', userId: '', scope: '', bulk: false }
    let grant = nobody
    if (!isOpen) {
      try {
        grant = authenticate(crm, request)
      } catch (error) {
        outcome.headers = crm.limits.spend(`${crm.app.clientId}|unknown`).headers
        throw error
      }
    }
    const resource = grant.locationId ?? (grant.companyId || 'open')
    if (!isOpen) outcome.grant = grant
    const spent = crm.limits.spend(resource)
    outcome.headers = spent.headers
    if (spent.refused && !isOpen) {
      crm.record('rate-limit', { resource, method, path })
      throw refuse(429, 'Too Many Requests')
    }

    if (grant.locationId && !crm.store.locations.get(grant.locationId))
      throw refuse(404, `Location with id ${grant.locationId} not found`)

    outcome.faults = crm.faults.strike({ method, path, locationId: grant.locationId })
    for (const fault of outcome.faults) {
      if (fault.kind === 'delay') await sleep(fault.ms ?? 0)
      if (fault.kind === 'drop-before') return outcome
      if (fault.kind === 'empty-201') return { ...outcome, status: 201, body: undefined }
      if (fault.kind === 'status') {
        const status = fault.status ?? 500
        return { ...outcome, status, body: fault.body ?? { statusCode: status, message: 'Internal Server Error' } }
      }
    }

    let body: Body
    try {
      body = await parseBody(request, raw)
    } catch {
      violate(crm, {
        where: 'request',
        method,
        path,
        operation: found.operation.key,
        complaints: ['the body does not parse'],
      })
      throw refuse(400, 'Bad Request')
    }
    const query = Object.fromEntries(url.searchParams)
    if (!isOpen) {
      authorise(found.operation, grant)
      assertLocation(crm, request, grant, found, query, body)
    }
    validate(crm, request, path, found, query, body)
    const answer = await handler({ crm, params: found.params, query, body: body.values, files: body.files, grant })
    return { ...outcome, ...answer }
  } catch (error) {
    if (error instanceof Refusal) return { ...outcome, status: error.status, body: error.body }
    crm.log(`BUG ${method} ${path}: ${(error as Error).stack}`)
    return { ...outcome, status: 500, body: { statusCode: 500, message: 'Internal Server Error' } }
  }
}

export async function handleApi(crm: Crm, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const startedAt = performance.now()
  const raw = await readRaw(request)
  const outcome = await respond(crm, request, url, raw)
  const { status, operation, grant, headers, faults } = outcome
  const method = request.method ?? 'GET'
  const text = outcome.body === undefined ? '' : JSON.stringify(outcome.body)
  if (operation && status < 500 && faults.length === 0) {
    const complaints = crm.contract.checkAnswer(operation, status, text ? (JSON.parse(text) as unknown) : null)
    if (complaints.length > 0)
      violate(crm, { where: 'answer', method, path: url.pathname, operation: operation.key, status, complaints })
  }
  const isDropped = faults.some((one) => one.kind === 'drop-before' || one.kind === 'drop-after')
  crm.record('api', {
    method,
    path: url.pathname,
    status: isDropped ? 0 : status,
    applied: isDropped ? status : undefined,
    locationId: grant?.locationId,
    ms: Math.round(performance.now() - startedAt),
  })
  if (isDropped) {
    response.destroy()
    return
  }
  response.writeHead(status, {
    ...headers,
    ...(text ? { 'Content-Type': 'application/json; charset=utf-8' } : {}),
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
