import type { Database } from '@/db/client'
import type { Vault } from '@/db/vault'
import type { Clock } from '@/lib/clock'
import { createHighLevel } from '@/lib/highlevel/client'
import type { HighLevel } from '@/lib/highlevel/highlevel'
import { createOAuth, type OAuth } from '@/lib/highlevel/oauth'
import { createRequester } from '@/lib/highlevel/request'
import { createTransport } from '@/lib/highlevel/transport'
import type { Log } from '@/lib/log'
import { createRequestBudget, type Rest } from './request-budget'
import { suspendSubAccount } from './suspend'
import { createTokenStore, type TokenStore, type TokenStoreOptions } from './token-store'

export interface CrmApp {
  clientId: string
  clientSecret: string
  providerId: string
  smsProviderId?: string | null
  apiUrl: string
  authorizeUrl: string
}

/** The left bank, ready to use: what the web and the worker compose alike. */
export function connectCrm(options: {
  db: Database
  vault: Vault
  clock: Clock
  log: Log
  app: CrmApp
  appUrl: string
  reach?: TokenStoreOptions['reach']
  /** Between two requests of one sub-account; the CRM's own limit decides what is allowed. */
  requestEveryMs?: number | undefined
  /** How long nothing is asked for a sub-account the CRM fails, at first and at most. */
  rest?: Rest | undefined
}): { highlevel: HighLevel; oauth: OAuth; tokens: TokenStore } {
  const { db, vault, clock, log, app } = options
  const transport = createTransport()
  const oauth = createOAuth({
    requester: createRequester(app.apiUrl, transport),
    authorizeUrl: app.authorizeUrl,
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUri: `${options.appUrl}/oauth/callback`,
  })
  const tokens = createTokenStore({ db, vault, oauth, clock, log, ...(options.reach ? { reach: options.reach } : {}) })
  const highlevel = createHighLevel({
    apiUrl: app.apiUrl,
    providerId: app.providerId,
    smsProviderId: app.smsProviderId ?? null,
    tokens,
    budget: createRequestBudget(db, clock, options.requestEveryMs, options.rest),
    clock,
    log,
    transport,
    onSuspended: (locationId) => suspendSubAccount(db, locationId),
  })
  return { highlevel, oauth, tokens }
}
