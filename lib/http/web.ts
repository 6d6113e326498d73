import type { KeyObject } from 'node:crypto'
import { openDatabase } from '@/db/client'
import { createVault } from '@/db/vault'
import type { ConnectContext } from '@/lib/bridge/sub-account/connect-context'
import { createRequestBudget } from '@/lib/bridge/sub-account/request-budget'
import { createTokenStore } from '@/lib/bridge/sub-account/token-store'
import { systemClock, type Clock } from '@/lib/clock'
import { createHighLevel } from '@/lib/highlevel/client'
import { createOAuth } from '@/lib/highlevel/oauth'
import { createRequester } from '@/lib/highlevel/request'
import { createTransport } from '@/lib/highlevel/transport'
import { parseWebhookKeys } from '@/lib/highlevel/webhook'
import { createLog, type Log } from '@/lib/log'
import { deriveKey, type Keyring } from '@/lib/seal'
import { createAttempts, type Attempts } from './attempts'
import { listenForChanges, type Changes } from './changes'

/** What the web is made of. `context.ts` fills it from the environment, tests from an emulator. */
export interface WebSettings {
  databaseUrl: string
  appUrl: string
  appSecret: string
  keyring: Keyring
  logLevel: string
  operatorToken: string | null
  highlevel: {
    clientId: string
    clientSecret: string
    ssoSecret: string
    providerId: string
    deliverySecrets: readonly string[]
    webhookPublicKeys: readonly string[]
    apiUrl: string
    authorizeUrl: string
    deliverySignature: 'readback' | 'required'
  }
}

export interface Web {
  ctx: ConnectContext
  settings: WebSettings
  appUrl: string
  webhookKeys: readonly KeyObject[]
  /** One key per purpose, all made from the app's secret. */
  keys: { embedToken: Buffer; nextAuth: string }
  attempts: Attempts
  /** The one listening connection of this process, opened when first asked for. */
  changes(): Promise<Changes>
  close(): Promise<void>
}

export const callbackPath = '/oauth/callback'

export function composeWeb(settings: WebSettings, replaced: { clock?: Clock; log?: Log } = {}): Web {
  const clock = replaced.clock ?? systemClock
  const log = replaced.log ?? createLog({ name: 'web', level: settings.logLevel })
  const { db, close } = openDatabase(settings.databaseUrl, { max: 20, name: 'trunkline web' })
  const vault = createVault(db, settings.keyring)
  const { apiUrl, authorizeUrl, clientId, clientSecret, providerId, webhookPublicKeys } = settings.highlevel
  const transport = createTransport()
  const oauth = createOAuth({
    requester: createRequester(apiUrl, transport),
    authorizeUrl,
    clientId,
    clientSecret,
    redirectUri: settings.appUrl + callbackPath,
  })
  const tokens = createTokenStore({ db, vault, oauth, clock, log })
  const budget = createRequestBudget(db, clock)
  const highlevel = createHighLevel({ apiUrl, providerId, tokens, budget, clock, log, transport })
  let changes: Promise<Changes> | undefined

  return {
    ctx: { db, vault, highlevel, clock, log, oauth, tokens },
    settings,
    appUrl: settings.appUrl,
    webhookKeys: parseWebhookKeys(webhookPublicKeys),
    keys: {
      embedToken: deriveKey(settings.appSecret, 'embed token'),
      nextAuth: deriveKey(settings.appSecret, 'browser session').toString('base64url'),
    },
    attempts: createAttempts(clock),
    changes() {
      changes ??= listenForChanges(settings.databaseUrl).catch((error: unknown) => {
        changes = undefined
        throw error
      })
      return changes
    },
    async close() {
      transport.close()
      await close()
    },
  }
}
