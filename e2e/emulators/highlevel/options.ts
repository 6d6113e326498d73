/** What the emulator is started with, and the switches a test may turn while it runs. */
export interface AppRegistration {
  clientId: string
  clientSecret: string
  ssoSecret: string
  providerId: string
  smsProviderId?: string
  redirectUri: string
  deliveryUrl: string
  webhookUrl: string
  customPageUrl: string
  /** Where a person starts an install from the app's side; default: `/oauth/install` beside the redirect address. */
  installUrl?: string
  name?: string
  scopes?: string[]
  /** Data events the app subscribed to; lifecycle events always come. Default: all. */
  events?: string[]
  planId?: string
}

export interface SeedUser {
  id?: string
  name: string
  email?: string
  type: 'agency' | 'account'
  role: 'admin' | 'user'
  owner?: boolean
  /** Names or ids of the seed's locations; agency admins see all. */
  locations?: string[]
}

export interface Seed {
  company: { id?: string; name: string; whitelabel?: { domain: string; logoUrl: string } }
  locations: { id?: string; name: string; country?: string; timezone?: string; phone?: string }[]
  users: SeedUser[]
}

export interface Timings {
  statusRaceMs?: number
  webhookScale?: number
  webhookTimeoutMs?: number
  installWebhookMs?: number
}

export interface EmulatorOptions {
  port?: number
  host?: string
  publicUrl?: string
  dataDir?: string
  app: AppRegistration
  seed?: Seed | false
  timings?: Timings
  settings?: DeepPartial<Settings>
  phonesUrl?: string
  mailsUrl?: string
  /** Loud lines go here; default stderr. */
  log?: (line: string) => void
}

export type SignatureMode = 'good' | 'wrong' | 'none' | 'N/A'

export interface Settings {
  oauth: {
    expiresInSeconds: number
    codeLifeMs: number
    /** Whether the chooser hands `state` back to the redirect address. */
    returnsState: boolean
    /** What an agency's install of one sub-account yields; listings without bulk install were seen to give `Location`. */
    agencyInstallToken: 'Company' | 'Location'
    installWebhook: 'before-callback' | 'after-callback'
    installWebhookMs: number
    futureInstallOmitsCompany: boolean
  }
  validation: {
    /** Where undocumented keys are refused with 422. */
    strictKeys: 'all' | 'contacts' | 'none'
  }
  messages: {
    statusRaceMs: number
    acceptSent: boolean
    shape: 'nested' | 'flat'
    altId: 'returned' | 'hidden' | 'eventual'
    altIdDelayMs: number
    /** How long a message just posted is missing from listings. */
    listLagMs: number
    deliveryType: 'SMS' | 'Custom'
    deliveryExtras: boolean
    badProviderStatus: 400 | 500
    uploadMaxBytes: number
    /** Whether reading one message back shows its attachments; integrators report them missing. */
    readShowsAttachments: boolean
  }
  limits: {
    enforced: boolean
    max: number
    intervalMs: number
    daily: number
  }
  webhooks: {
    regime: 'old' | 'new'
    /** Whether the Delivery URL is retried like ordinary webhooks; HighLevel does not say. */
    deliveryRetried: boolean
    /** Factor on every retry delay; 0.001 turns ten minutes into 600 ms. */
    scale: number
    timeoutMs: number
    concurrency: number
    /** `strict` holds a conversation's later webhooks until the earlier one is accepted or given up. */
    order: 'strict' | 'loose'
    delayMs: number
    reorder: boolean
    /** Shares of webhooks (0–1) sent twice, or never. */
    duplicate: number
    drop: number
    signature: SignatureMode
    deliverySignature: SignatureMode
    breaker: boolean
    breakerMinimum: number
    breakerSuccessShare: number
  }
}

export type DeepPartial<T> = { [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] }

export const DEFAULT_SETTINGS: Settings = {
  oauth: {
    expiresInSeconds: 86_399,
    codeLifeMs: 600_000,
    returnsState: true,
    agencyInstallToken: 'Company',
    installWebhook: 'after-callback',
    installWebhookMs: 5_000,
    futureInstallOmitsCompany: true,
  },
  validation: { strictKeys: 'all' },
  messages: {
    statusRaceMs: 6_000,
    acceptSent: false,
    shape: 'nested',
    altId: 'returned',
    altIdDelayMs: 3_000,
    listLagMs: 0,
    deliveryType: 'SMS',
    deliveryExtras: true,
    badProviderStatus: 400,
    uploadMaxBytes: 5 * 1024 * 1024,
    readShowsAttachments: true,
  },
  limits: { enforced: true, max: 100, intervalMs: 10_000, daily: 200_000 },
  webhooks: {
    regime: 'old',
    deliveryRetried: true,
    scale: 1,
    timeoutMs: 10_000,
    concurrency: 64,
    order: 'strict',
    delayMs: 0,
    reorder: false,
    duplicate: 0,
    drop: 0,
    signature: 'good',
    deliverySignature: 'good',
    breaker: false,
    breakerMinimum: 10_000,
    breakerSuccessShare: 0.9,
  },
}

/** Lays the given switches over the current ones, in place, so that everyone who holds the settings sees the change. */
export function applySettings(current: Settings, change: DeepPartial<Settings>): Settings {
  for (const [group, values] of Object.entries(change)) {
    const target: object | undefined = current[group as keyof Settings]
    if (!target) throw new Error(`no such settings group: ${group}`)
    for (const key of Object.keys(values ?? {}))
      if (!(key in target)) throw new Error(`no such setting: ${group}.${key}`)
    Object.assign(target, values)
  }
  return current
}

export const ALL_SCOPES = [
  'contacts.readonly',
  'contacts.write',
  'conversations.readonly',
  'conversations.write',
  'conversations/message.readonly',
  'conversations/message.write',
  'locations.readonly',
  'locations/tags.readonly',
  'locations/tags.write',
  'locations/customFields.readonly',
  'users.readonly',
  'workflows.readonly',
  'medias.write',
  'oauth.readonly',
  'oauth.write',
  'marketplace-installer-details.readonly',
  'charges.readonly',
  'charges.write',
]

export const DATA_EVENTS = [
  'ContactCreate',
  'ContactUpdate',
  'ContactDelete',
  'ContactTagUpdate',
  'ContactDndUpdate',
  'InboundMessage',
  'OutboundMessage',
  'ConversationUnreadUpdate',
  'LocationCreate',
  'LocationUpdate',
  'UserCreate',
  'UserUpdate',
  'UserDelete',
]
