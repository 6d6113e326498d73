import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { createHistory, type History, type HistoryEvent } from '../history'
import { Refusal } from './answer'
import { handleApi } from './api'
import { loadContract } from './contract'
import { handleControl } from './control'
import type { Crm } from './crm'
import { createFaults, seededRandom } from './faults'
import { createLimits } from './limits'
import { ALL_SCOPES, applySettings, DATA_EVENTS, DEFAULT_SETTINGS, type EmulatorOptions } from './options'
import { CHOOSER_PATHS, handleChooser } from './pages/chooser'
import { handlePage, isPagePath } from './pages/pages'
import { DEMO_SEED, plant } from './seed'
import { openStore } from './store'
import { openSigner } from './webhook-signature'
import { createWebhooks } from './webhooks'

/** The emulated CRM: one HTTP server with the public API, the pages for people, and the control API for tests. */
export interface HighLevelEmulator {
  url: string
  apiUrl: string
  authorizeUrl: string
  /** Base64 SPKI of the key that signs webhooks. */
  webhookPublicKey: string
  history: History
  crm: Crm
  close(): Promise<void>
}

const loadOnce = (() => {
  let contract: ReturnType<typeof loadContract> | undefined
  return () => (contract ??= loadContract())
})()

function build(options: EmulatorOptions, url: () => string): Crm & { publicKey: string } {
  const settings = structuredClone(DEFAULT_SETTINGS)
  const { statusRaceMs, webhookScale, webhookTimeoutMs, installWebhookMs } = options.timings ?? {}
  if (statusRaceMs !== undefined) settings.messages.statusRaceMs = statusRaceMs
  if (webhookScale !== undefined) settings.webhooks.scale = webhookScale
  if (webhookTimeoutMs !== undefined) settings.webhooks.timeoutMs = webhookTimeoutMs
  if (installWebhookMs !== undefined) settings.oauth.installWebhookMs = installWebhookMs
  if (options.settings) applySettings(settings, options.settings)

  const { app } = options
  const store = openStore(options.dataDir)
  const history = createHistory('highlevel', options.dataDir && join(options.dataDir, 'history.jsonl'))
  const listeners = new Set<(event: HistoryEvent) => void>()
  const record: Crm['record'] = (kind, fields) => {
    const event = history.add(kind, fields)
    for (const listener of listeners) listener(event)
    return event
  }
  const random = seededRandom(Number(process.env.EMULATOR_SEED ?? 1))
  const signer = openSigner(options.dataDir)
  return {
    app: {
      ...app,
      id: app.clientId.split('-')[0] ?? app.clientId,
      name: app.name ?? 'Trunkline',
      versionId: createHash('sha256').update(app.clientId).digest('hex').slice(0, 24),
      installUrl: app.installUrl ?? new URL('/oauth/install', app.redirectUri).toString(),
      scopes: app.scopes ?? ALL_SCOPES,
      events: app.events ?? DATA_EVENTS,
    },
    settings,
    store,
    history,
    record,
    onRecord(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    limits: createLimits(settings),
    faults: createFaults(random),
    webhooks: createWebhooks({
      settings,
      store,
      urls: () => ({ app: app.webhookUrl, delivery: app.deliveryUrl }),
      sign: signer.headers,
      record,
      random,
    }),
    sign: signer.headers,
    contract: loadOnce(),
    violations: [],
    random,
    log: options.log ?? ((line) => process.stderr.write(`[crm emulator] ${line}\n`)),
    url,
    phonesUrl: () => options.phonesUrl,
    mailsUrl: () => options.mailsUrl,
    publicKey: signer.publicKey,
  }
}

async function handle(crm: Crm, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://crm')
  try {
    if (url.pathname.startsWith('/control/')) await handleControl(crm, request, response, url)
    else if (CHOOSER_PATHS.includes(url.pathname)) await handleChooser(crm, request, response, url)
    else if (request.method === 'GET' && isPagePath(url.pathname)) await handlePage(crm, response, url)
    else await handleApi(crm, request, response, url)
  } catch (error) {
    if (!(error instanceof Refusal) && !request.destroyed)
      crm.log(`BUG ${request.method} ${url.pathname}: ${(error as Error).stack}`)
    if (response.headersSent) response.destroy()
    else response.writeHead(error instanceof Refusal ? error.status : 500).end()
  }
}

export async function startHighLevelEmulator(options: EmulatorOptions): Promise<HighLevelEmulator> {
  const host = options.host ?? '127.0.0.1'
  let base = options.publicUrl?.replace(/\/$/, '')
  const crm = build(options, () => base ?? '')
  const server = createServer((request, response) => void handle(crm, request, response))
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  base ??= `http://${host === '0.0.0.0' ? 'localhost' : host}:${(server.address() as AddressInfo).port}`
  if (options.seed !== false && crm.store.companies.all().length === 0) plant(crm, options.seed ?? DEMO_SEED)
  return {
    url: base,
    apiUrl: base,
    authorizeUrl: `${base}/v2/oauth/chooselocation`,
    webhookPublicKey: crm.publicKey,
    history: crm.history,
    crm,
    close() {
      crm.webhooks.close()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
