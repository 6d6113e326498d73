import { randomBytes } from 'node:crypto'
import { plant } from '../../canaries'
import { refuse } from './answer'
import type { Crm } from './crm'
import type { Code, Grant, Token } from './nouns'
import { newHexId, newUuid } from './store'

/** Codes and tokens: single use where the CRM's are, dead when it says so. */
const YEAR_MS = 365 * 24 * 3_600_000

function mint(crm: Crm, kind: Token['kind'], grant: Grant, lifeMs: number): Token {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    authClass: grant.userType,
    authClassId: grant.locationId ?? grant.companyId,
    source: 'INTEGRATION',
    jti: newUuid(),
  }
  const value = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}.${plant('crmToken')}${randomBytes(32).toString('base64url')}`
  return crm.store.tokens.put(value, { value, kind, grant, expiresAt: Date.now() + lifeMs, dead: false })
}

export interface TokenPair {
  access: Token
  refresh: Token
}

export function issueTokens(crm: Crm, grant: Grant): TokenPair {
  return {
    access: mint(crm, 'access', grant, crm.settings.oauth.expiresInSeconds * 1000),
    refresh: mint(crm, 'refresh', grant, YEAR_MS),
  }
}

export function createCode(crm: Crm, grant: Grant, more: Partial<Code> = {}): Code {
  const code = randomBytes(20).toString('hex')
  const expiresAt = Date.now() + crm.settings.oauth.codeLifeMs
  return crm.store.codes.put(code, { code, grant, expiresAt, used: false, ...more })
}

export function isActive(crm: Crm, grant: Grant): boolean {
  return !grant.locationId || crm.store.locations.get(grant.locationId)?.active !== false
}

export function assertActive(crm: Crm, grant: Grant): void {
  if (!isActive(crm, grant)) throw refuse(400, 'Location is not active')
}

/** The grant behind a code, which is used up by asking. */
export function redeemCode(crm: Crm, value: string, redirectUri: string | undefined): Code {
  const code = crm.store.codes.get(value)
  if (!code || code.used || code.expiresAt < Date.now())
    throw refuse(400, 'Invalid grant: authorization code is invalid')
  if (redirectUri && code.redirectUri && redirectUri !== code.redirectUri)
    throw refuse(400, 'Invalid parameter: redirect_uri')
  assertActive(crm, code.grant)
  return crm.store.codes.put(value, { ...code, used: true })
}

/** Trades a refresh token, which is dead afterwards; a suspended sub-account's survives the refusal. */
export function redeemRefreshToken(crm: Crm, value: string): TokenPair {
  const token = crm.store.tokens.get(value)
  if (!token || token.kind !== 'refresh' || token.dead || token.expiresAt < Date.now())
    throw refuse(400, 'Invalid grant: refresh token is invalid')
  assertActive(crm, token.grant)
  crm.store.tokens.put(value, { ...token, dead: true })
  return issueTokens(crm, token.grant)
}

export function killTokens(crm: Crm, of: (grant: Grant) => boolean): void {
  for (const token of crm.store.tokens.all())
    if (!token.dead && of(token.grant)) crm.store.tokens.put(token.value, { ...token, dead: true })
}

/** Makes access tokens expire now; refresh tokens too on demand. */
export function expireTokens(crm: Crm, of: (grant: Grant) => boolean, refreshToo: boolean): number {
  let count = 0
  for (const token of crm.store.tokens.all()) {
    if (token.dead || !of(token.grant) || (token.kind === 'refresh' && !refreshToo)) continue
    crm.store.tokens.put(token.value, { ...token, expiresAt: Date.now() - 1 })
    count += 1
  }
  return count
}

interface Shown {
  pair: TokenPair
  lifeSeconds: number
}

export function tokenBody(crm: Crm, { pair, lifeSeconds }: Shown): Record<string, unknown> {
  const { grant } = pair.access
  const install = crm.store.companyInstalls.get(grant.companyId)
  return {
    access_token: pair.access.value,
    token_type: 'Bearer',
    expires_in: lifeSeconds,
    refresh_token: pair.refresh.value,
    scope: grant.scope,
    refreshTokenId: newHexId(),
    userType: grant.userType,
    companyId: grant.companyId,
    locationId: grant.locationId,
    isBulkInstallation: grant.bulk,
    ...(grant.userType === 'Company'
      ? {
          approvedLocations: install?.approvedLocations ?? [],
          installToFutureLocations: install?.future ?? false,
          approveAllLocations: install?.approveAll ?? false,
        }
      : {}),
    userId: grant.userId,
    planId: crm.app.planId,
    traceId: newUuid(),
  }
}

export function tokenBodyV3(crm: Crm, shown: Shown): Record<string, unknown> {
  const {
    access_token,
    token_type,
    expires_in,
    refresh_token,
    refreshTokenId: _id,
    traceId: _trace,
    ...rest
  } = tokenBody(crm, shown)
  return {
    accessToken: access_token,
    tokenType: token_type,
    expiresIn: expires_in,
    refreshToken: refresh_token,
    ...rest,
  }
}
