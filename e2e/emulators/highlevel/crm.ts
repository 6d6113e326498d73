import type { History, HistoryEvent } from '../history'
import type { Contract } from './contract'
import type { createFaults } from './faults'
import type { createLimits } from './limits'
import type { AppRegistration, Settings, SignatureMode } from './options'
import type { Store } from './store'
import type { WebhookSender } from './webhooks'

/** What every part of the emulator shares. */
export interface Crm {
  app: AppRegistration & {
    id: string
    name: string
    versionId: string
    installUrl: string
    scopes: string[]
    events: string[]
  }
  settings: Settings
  store: Store
  history: History
  /** Adds to the history and wakes whoever waits for it. */
  record(kind: string, fields?: Record<string, unknown>): HistoryEvent
  onRecord(listener: (event: HistoryEvent) => void): () => void
  limits: ReturnType<typeof createLimits>
  faults: ReturnType<typeof createFaults>
  webhooks: WebhookSender
  /** Signature headers over exactly this body. */
  sign(body: string, mode: SignatureMode): Record<string, string>
  contract: Contract
  violations: Violation[]
  random: () => number
  log: (line: string) => void
  /** Base address people and apps reach this emulator at; known once it listens. */
  url(): string
  phonesUrl(): string | undefined
  mailsUrl(): string | undefined
}

export interface Violation {
  where: 'request' | 'answer' | 'unknown-path'
  method: string
  path: string
  operation?: string
  status?: number
  complaints: string[]
}

/** Counts a breach of the published API, loudly: either the app or this emulator is wrong. */
export function violate(crm: Crm, violation: Violation): void {
  crm.violations.push(violation)
  crm.record('violation', { ...violation })
  crm.log(`VIOLATION (${violation.where}) ${violation.method} ${violation.path}: ${violation.complaints.join('; ')}`)
}
