import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { CrmError } from './highlevel'
import type { Call, Requester } from './request'
import {
  grantAnswer,
  installedLocationsAnswer,
  reconnectAnswer,
  userAnswer,
  type CrmUserRecord,
  type Grant,
  type InstalledLocation,
} from './schemas'

/** What the app asks for; every scope has its use in the README, and adding one later needs every user's consent. */
export const scopes = [
  'conversations.readonly',
  'conversations.write',
  'conversations/message.readonly',
  'conversations/message.write',
  'contacts.readonly',
  'contacts.write',
  'users.readonly',
  'locations.readonly',
  'locations/tags.readonly',
  'locations/tags.write',
  'locations/customFields.readonly',
  'medias.write',
  'workflows.readonly',
  'oauth.readonly',
  'oauth.write',
  'marketplace-installer-details.readonly',
  'charges.readonly',
  'charges.write',
] as const

export type Owner = { kind: 'Company'; id: CompanyId } | { kind: 'Location'; id: LocationId }

/** Installing and keeping authorised. Methods throw CrmError; `unauthorised` means this code or refresh token is dead. */
export interface OAuth {
  /** Where a person chooses what to install into. */
  authorizeUrl(state: string): string
  exchangeCode(code: string): Promise<Grant>
  /** Uses the refresh token up: the answer holds the next one. */
  refresh(refreshToken: string, userType: Grant['userType']): Promise<Grant>
  /** A sub-account's token out of its agency's. */
  mintLocationToken(agencyToken: string, companyId: CompanyId, locationId: LocationId): Promise<Grant>
  /** A fresh grant without the user, for when the chain of refresh tokens broke. */
  reconnect(owner: Owner): Promise<Grant>
  /** Reported incomplete right after an install. */
  installedLocations(
    agencyToken: string,
    companyId: CompanyId,
    only?: { locationId: LocationId },
  ): Promise<InstalledLocation[]>
  getUser(token: string, userId: UserId): Promise<CrmUserRecord>
}

export interface OAuthOptions {
  requester: Requester
  authorizeUrl: string
  clientId: string
  clientSecret: string
  redirectUri: string
}

const pageSize = 100
const maxPages = 100

export function createOAuth({ requester, authorizeUrl, clientId, clientSecret, redirectUri }: OAuthOptions): OAuth {
  /** A client id is the app's id and a suffix. */
  const appId = clientId.split('-')[0] ?? clientId

  function token(form: Record<string, string>): Promise<Grant> {
    return asOurselves({
      method: 'POST',
      path: '/oauth/token',
      form: { client_id: clientId, client_secret: clientSecret, ...form },
      answer: grantAnswer,
    })
  }

  /** A call by our own credentials. Refusing those is an operator's mistake, and must cost no sub-account its authorisation. */
  async function asOurselves<Output>(call: Call<Output>): Promise<Output> {
    try {
      return await requester.request(call)
    } catch (error) {
      if (!(error instanceof CrmError) || error.status !== 401) throw error
      const options = { status: 401, retryAfterMs: 60_000, cause: error }
      throw new CrmError(
        'try_later',
        'the CRM does not accept HIGHLEVEL_CLIENT_ID and HIGHLEVEL_CLIENT_SECRET',
        options,
      )
    }
  }

  const oauth: OAuth = {
    authorizeUrl(state) {
      const url = new URL(authorizeUrl)
      const query = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope: scopes.join(' ') }
      for (const [name, value] of Object.entries({ ...query, state })) url.searchParams.set(name, value)
      return url.href
    },

    exchangeCode: (code) =>
      // The kind of token follows from who installs, not from what is asked for.
      token({ grant_type: 'authorization_code', code, user_type: 'Location', redirect_uri: redirectUri }),

    refresh: (refreshToken, userType) =>
      token({ grant_type: 'refresh_token', refresh_token: refreshToken, user_type: userType }),

    mintLocationToken: (agencyToken, companyId, locationId) =>
      requester.request({
        method: 'POST',
        path: '/oauth/locationToken',
        token: agencyToken,
        form: { companyId, locationId },
        // Minting again costs nothing: the token before stays good.
        isRepeatable: true,
        answer: grantAnswer,
      }),

    async reconnect(owner) {
      const { authorizationCode } = await asOurselves({
        method: 'POST',
        path: '/oauth/reconnect',
        json: { clientKey: clientId, clientSecret, [idName(owner)]: owner.id },
        isRepeatable: true,
        answer: reconnectAnswer,
      })
      return token({
        grant_type: 'authorization_code',
        code: authorizationCode,
        user_type: owner.kind,
        redirect_uri: redirectUri,
      })
    },

    async installedLocations(agencyToken, companyId, only) {
      const found = new Map<LocationId, InstalledLocation>()
      for (let page = 0; page < maxPages; page++) {
        const locations = await requester.request({
          method: 'GET',
          path: '/oauth/installedLocations',
          token: agencyToken,
          query: {
            companyId,
            appId,
            isInstalled: 'true',
            skip: String(page * pageSize),
            limit: String(pageSize),
            ...(only ? { locationId: only.locationId } : {}),
          },
          answer: installedLocationsAnswer,
        })
        for (const location of locations) if (location.isInstalled) found.set(location.id, location)
        if (locations.length < pageSize) break
      }
      return [...found.values()]
    },

    getUser: (token, userId) =>
      requester.request({ method: 'GET', path: `/users/${userId}`, token, answer: userAnswer }),
  }
  return oauth
}

const idName = (owner: Owner) => (owner.kind === 'Company' ? 'companyId' : 'locationId')
