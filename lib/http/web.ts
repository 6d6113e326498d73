import type { KeyObject } from 'node:crypto'
import { openDatabase } from '@/db/client'
import { createVault } from '@/db/vault'
import { grantedByOperators } from '@/lib/bridge/entitlement/entitlements'
import type { ConnectContext } from '@/lib/bridge/sub-account/connect-context'
import { connectCrm } from '@/lib/bridge/sub-account/connect-crm'
import { systemClock, type Clock } from '@/lib/clock'
import { parseWebhookKeys } from '@/lib/highlevel/webhook'
import { createLog, type Log } from '@/lib/log'
import { createMark, deriveKey, type Keyring } from '@/lib/seal'
import { createAttempts, type Attempts } from './attempts'
import { createCallRate, type CallRate } from './call-rate'
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
    smsProviderId?: string | null
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
  webhookKeys: readonly KeyObject[]
  /** One key per purpose, all made from the app's secret. */
  keys: { embedToken: Buffer; nextAuth: string }
  attempts: Attempts
  /** Calls of each person, and installs begun or ended from each address outside this machine. */
  rates: { calls: CallRate; installs: CallRate }
  /** The one listening connection of this process, opened when first asked for. */
  changes(): Promise<Changes>
  close(): Promise<void>
}

export function composeWeb(settings: WebSettings, replaced: { clock?: Clock; log?: Log } = {}): Web {
  const clock = replaced.clock ?? systemClock
  const log = replaced.log ?? createLog({ name: 'web', level: settings.logLevel })
  const { db, close } = openDatabase(settings.databaseUrl, { max: 20, name: 'trunkline web' })
  const vault = createVault(db, settings.keyring)
  const crm = connectCrm({ db, vault, clock, log, app: settings.highlevel, appUrl: settings.appUrl })
  let changes: Promise<Changes> | undefined

  return {
    ctx: {
      ...{ db, vault, clock, log, ...crm },
      ...{ entitlements: grantedByOperators, mark: createMark(settings.appSecret) },
    },
    settings,
    webhookKeys: parseWebhookKeys(settings.highlevel.webhookPublicKeys),
    keys: {
      embedToken: deriveKey(settings.appSecret, 'embed token'),
      nextAuth: deriveKey(settings.appSecret, 'browser session').toString('base64url'),
    },
    attempts: createAttempts(clock),
    rates: {
      calls: createCallRate(clock, { count: 500, withinMs: 10_000 }),
      installs: createCallRate(clock, { count: 60, withinMs: 60_000 }),
    },
    changes() {
      changes ??= listenForChanges(settings.databaseUrl).catch((error: unknown) => {
        changes = undefined
        throw error
      })
      return changes
    },
    close,
  }
}
