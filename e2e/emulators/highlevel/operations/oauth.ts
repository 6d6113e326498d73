import { ok, refuse, traced } from '../answer'
import type { Crm } from '../crm'
import { announcePending } from '../installs'
import type { Grant, Install } from '../nouns'
import {
  assertActive,
  createCode,
  issueTokens,
  redeemCode,
  redeemRefreshToken,
  tokenBody,
  tokenBodyV3,
} from '../tokens'
import type { TokenPair } from '../tokens'
import { type Call, type Handler, str, whole } from './kinds'

/** The token endpoints, in both spellings. */
interface TokenRequest {
  clientId?: string
  clientSecret?: string
  grantType?: string
  code?: string
  refreshToken?: string
  redirectUri?: string
}

function exchange(call: Call, request: TokenRequest, spelt: (camel: string) => string): TokenPair {
  const { crm } = call
  for (const key of ['clientId', 'clientSecret', 'grantType'] as const)
    if (!request[key]) throw refuse(400, `Missing parameter: ${spelt(key)}`)
  if (request.clientId !== crm.app.clientId || request.clientSecret !== crm.app.clientSecret)
    throw refuse(401, 'Invalid client: client is invalid', { error: 'Unauthorized' })
  if (request.grantType === 'authorization_code') {
    if (!request.code) throw refuse(400, `Missing parameter: ${spelt('code')}`)
    const code = redeemCode(crm, request.code, request.redirectUri)
    const pair = issueTokens(crm, code.grant)
    // The app stores its tokens before the event arrives; the other order is a switch.
    setTimeout(() => announcePending(crm, code.code), 50).unref()
    return pair
  }
  if (request.grantType === 'refresh_token') {
    if (!request.refreshToken) throw refuse(400, `Missing parameter: ${spelt('refreshToken')}`)
    return redeemRefreshToken(crm, request.refreshToken)
  }
  throw refuse(400, `Invalid parameter: ${spelt('grantType')}`)
}

function recorded(call: Call, request: TokenRequest, act: () => TokenPair): TokenPair {
  const { crm } = call
  const known = request.refreshToken
    ? crm.store.tokens.get(request.refreshToken)
    : crm.store.codes.get(request.code ?? '')
  const place = { locationId: known?.grant.locationId, companyId: known?.grant.companyId }
  try {
    const pair = act()
    crm.record('token', { grantType: request.grantType, outcome: 'issued', ...place })
    return pair
  } catch (error) {
    crm.record('token', { grantType: request.grantType, outcome: (error as Error).message, ...place })
    throw error
  }
}

const snake = (camel: string): string => camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const lifeSeconds = (crm: Crm): number => crm.settings.oauth.expiresInSeconds

const token: Handler = (call) => {
  const { body } = call
  const request: TokenRequest = {
    clientId: str(body.client_id),
    clientSecret: str(body.client_secret),
    grantType: str(body.grant_type),
    code: str(body.code),
    refreshToken: str(body.refresh_token),
    redirectUri: str(body.redirect_uri),
  }
  const pair = recorded(call, request, () => exchange(call, request, snake))
  return ok(tokenBody(call.crm, { pair, lifeSeconds: lifeSeconds(call.crm) }))
}

const tokenV3: Handler = (call) => {
  const request = call.body as TokenRequest
  const pair = recorded(call, request, () => exchange(call, request, (camel) => camel))
  return ok(tokenBodyV3(call.crm, { pair, lifeSeconds: lifeSeconds(call.crm) }))
}

function mintForLocation(call: Call): { pair: TokenPair; install: Install } {
  const { crm, grant, body } = call
  const locationId = str(body.locationId) ?? ''
  const install = crm.store.installs.get(locationId)
  const place = { locationId, companyId: grant.companyId }
  const failed = (message: string) => {
    crm.record('token', { grantType: 'location_token', outcome: message, ...place })
    return refuse(400, message)
  }
  if (!install || install.companyId !== grant.companyId) throw failed('The app is not installed in this location')
  if (crm.store.locations.get(locationId)?.active === false) throw failed('Location is not active')
  const minted: Grant = { ...grant, userType: 'Location', locationId, bulk: false }
  const pair = issueTokens(crm, minted)
  crm.record('token', { grantType: 'location_token', outcome: 'issued', ...place })
  return { pair, install }
}

const locationToken: Handler = (call) => {
  const { pair, install } = mintForLocation(call)
  const {
    refreshTokenId: _id,
    isBulkInstallation: _bulk,
    ...body
  } = tokenBody(call.crm, {
    pair,
    lifeSeconds: lifeSeconds(call.crm) === 86_399 ? 86_400 : lifeSeconds(call.crm),
  })
  return ok({ ...body, appId: call.crm.app.id, versionId: install.versionId })
}

const locationTokenV3: Handler = (call) => {
  const { pair, install } = mintForLocation(call)
  const {
    isBulkInstallation: _bulk,
    userType: _type,
    companyId: _company,
    ...body
  } = tokenBodyV3(call.crm, {
    pair,
    lifeSeconds: lifeSeconds(call.crm),
  })
  return ok({ ...body, appId: call.crm.app.id, versionId: install.versionId })
}

/** The agency's sub-accounts with whether the app is in them, filtered as asked. */
function installedLocations({ crm, grant, query }: Call): Record<string, unknown>[] {
  if (query.companyId !== grant.companyId) throw refuse(403, 'Forbidden resource')
  if (query.appId !== crm.app.id) return []
  return crm.store.locations
    .all()
    .filter((location) => location.companyId === grant.companyId)
    .filter((location) => !query.locationId || location.id === query.locationId)
    .filter((location) => !query.query || location.name.toLowerCase().includes(query.query.toLowerCase()))
    .map((location) => {
      const install = crm.store.installs.get(location.id)
      return {
        _id: location.id,
        name: location.name,
        address: '100 Sample Street, Springfield, 62701',
        isInstalled: install !== undefined,
        versionId: install?.versionId,
        installedAt: install?.installedAt,
      }
    })
    .filter((one) => query.isInstalled === undefined || String(one.isInstalled) === query.isInstalled)
}

const installed: Handler = (call) => {
  const all = installedLocations(call)
  const skip = whole(call.query.skip, 0)
  const locations = all.slice(skip, skip + whole(call.query.limit, 20))
  const future = call.crm.store.companyInstalls.get(call.grant.companyId)?.future ?? false
  return ok({ locations, count: all.length, installToFutureLocations: future })
}

const installedV3: Handler = (call) => {
  const all = installedLocations(call)
  const from = whole(call.query.pageToken, 0)
  const size = whole(call.query.pageSize, 20)
  const items = all.slice(from, from + size)
  const future = call.crm.store.companyInstalls.get(call.grant.companyId)?.future ?? false
  return ok({
    items,
    pagination: {
      totalRecords: all.length,
      hasNextPage: from + size < all.length,
      hasPrevPage: from > 0,
      currentPageSize: items.length,
      ...(from + size < all.length ? { nextPageToken: String(from + size) } : {}),
    },
    metadata: { filterApplied: { companyId: call.grant.companyId } },
    installToFutureLocations: future,
  })
}

const reconnect: Handler = ({ crm, body }) => {
  if (body.clientKey !== crm.app.clientId || body.clientSecret !== crm.app.clientSecret)
    throw refuse(401, 'Invalid client: client is invalid', { error: 'Unauthorized' })
  const locationId = str(body.locationId)
  const companyId = str(body.companyId)
  const install = locationId ? crm.store.installs.get(locationId) : undefined
  const agency = companyId && !locationId ? crm.store.companyInstalls.get(companyId) : undefined
  const found = install ?? agency
  crm.record('token', { grantType: 'reconnect', outcome: found ? 'issued' : 'not installed', locationId, companyId })
  if (!found) throw refuse(400, 'The app is not installed')
  const grant: Grant = {
    userType: install ? 'Location' : 'Company',
    companyId: found.companyId,
    locationId: install?.locationId,
    userId: found.userId,
    scope: crm.app.scopes.join(' '),
    bulk: !install,
  }
  assertActive(crm, grant)
  const code = createCode(crm, grant)
  return traced({ authorizationCode: code.code, expiresAt: new Date(code.expiresAt).toISOString() })
}

export const oauthOperations: Record<string, Handler> = {
  'post /oauth/token': token,
  'v3 post /oauth/token': tokenV3,
  'post /oauth/locationToken': locationToken,
  'v3 post /oauth/location-token': locationTokenV3,
  'get /oauth/installedLocations': installed,
  'v3 get /oauth/installed-locations': installedV3,
  'post /oauth/reconnect': reconnect,
}
