// Ten thousand saved contacts into the CRM, while workers are killed and the CRM goes away.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eq } from 'drizzle-orm'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { ContactSyncView } from '@/lib/bridge/contact-sync/contact-sync'
import { previewContactSync } from '@/lib/bridge/contact-sync/preview'
import { readContactSync } from '@/lib/bridge/contact-sync/read'
import type { Actor } from '@/lib/bridge/context'
import { changeSession } from '@/lib/bridge/session/change'
import { createSession } from '@/lib/bridge/session/create'
import { readQr } from '@/lib/bridge/session/read-pairing'
import { readSession } from '@/lib/bridge/session/read'
import type { CompanyId, LocationId, SessionId, UserId } from '@/lib/ids'
import { startBridgeKit, type BridgeKit } from '../bridge-kit'
import { connectPhones, type Phones } from '../emulators/whatsapp/client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from '../emulators/whatsapp/server'
import { refuseViolations } from '../violations'
import { startWorkerProcess, type WorkerProcess } from './processes'
import { until } from './until'

const savedCount = 10_000
const knownCount = 200

let kit: BridgeKit
let network: WhatsAppEmulator
let phones: Phones
let worker: WorkerProcess
beforeAll(async () => {
  kit = await startBridgeKit({ requestEveryMs: 1 })
  network = await startWhatsAppEmulator({ say: () => {}, timings: { linkMs: 120_000 } })
  phones = connectPhones(network.url)
}, 120_000)
afterAll(async () => {
  await worker?.stop()
  await network?.close()
  await kit?.close()
  if (network) refuseViolations([network])
}, 60_000)

async function startWorker(without = ''): Promise<void> {
  if (worker?.isAlive) await worker.stop()
  worker = await startWorkerProcess(
    {
      ...kit.env,
      PACING: 'off',
      FAULT_NETWORK: network.webSocketUrl,
      FAULT_ROOT: network.rootPublicKey,
      FAULT_WITHOUT: without,
    },
    'e2e/faults/contacts-worker.ts',
  )
}

async function killWorker(without = ''): Promise<void> {
  worker.signal('SIGKILL')
  await worker.ended
  await startWorker(without)
}

/** A sub-account that lets contacts be made twice, so that only the product prevents it, and a phone linked to it. */
async function linked(book: { number: string; name: string }[]) {
  const locationId = await kit.subAccount()
  await kit.crm.changeSubAccount(locationId, { allowDuplicateContact: true })
  const [row] = await kit.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, locationId))
  const actor: Actor = {
    ...{ kind: 'user', userId: 'u' as UserId, name: 'Ana', email: '', role: 'location_admin' },
    ...{ companyId: row!.companyId as CompanyId, locationId, locationIds: null },
  }
  const owner = await phones.create({ name: 'Owner' })
  await owner.saveContacts(book)
  const input = { locationId, label: 'Main', channel: 'whatsapp' as const }
  const { id } = await createSession(kit.ctx, actor, input)
  const sessionId = id as SessionId
  let scanned = ''
  await until(
    'a connected session',
    async () => {
      if ((await readSession(kit.ctx, actor, sessionId)).status === 'connected') return true
      // The code that was read may be over before it is scanned; a person scans the next one.
      const qr = await readQr(kit.ctx, actor, sessionId).then(
        (shown) => shown.qr,
        () => scanned,
      )
      if (qr !== scanned)
        await owner.scan(qr).then(
          () => (scanned = qr),
          () => null,
        )
      return false
    },
    180_000,
  )
  return { locationId, sessionId, actor, owner }
}

/** Watches a sync from outside; its progress may stand, never go back. */
function watch(actor: Actor, sessionId: SessionId) {
  const seen: number[] = []
  async function look(): Promise<ContactSyncView> {
    const view = await readContactSync(kit.ctx, actor, sessionId)
    if (view.progress) seen.push(view.progress.done)
    return view
  }
  return {
    seen,
    until: (what: string, fits: (view: ContactSyncView) => boolean) =>
      until(
        what,
        async () => {
          const view = await look()
          if (view.state === 'failed') throw new Error(view.detail)
          if (!fits(view)) await new Promise((resolve) => setTimeout(resolve, 200))
          return fits(view) && view
        },
        600_000,
        async () => (await look()).detail,
      ),
  }
}

const book = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => ({ number: String(from + i * 7), name: `Saved Person ${i}` })).filter(
    // Numbers that end so are not on WhatsApp.
    ({ number }) => !number.endsWith('0000'),
  )

async function phonesIn(locationId: LocationId): Promise<string[]> {
  return (await kit.crm.contacts(locationId)).map(({ phone }) => phone ?? '')
}

const drained = (view: ContactSyncView, share: number) =>
  view.progress !== null && view.progress.done >= view.progress.total * share

test('every saved contact gets there once, across two kills and an outage, and progress never goes back', async () => {
  const saved = book(savedCount, 34_655_000_003)
  await startWorker()
  const { locationId, sessionId, actor, owner } = await linked(saved)
  await kit.crm.createContacts(
    saved.slice(0, knownCount).map(({ number }) => ({ locationId, name: '', phone: `+${number}` })),
  )
  const startedMs = performance.now()
  await previewContactSync(kit.ctx, actor, sessionId)
  const sync = watch(actor, sessionId)
  // Killed while the book is being read: whoever comes next reads it.
  await killWorker()
  const counted = await sync.until('a preview', ({ state }) => state === 'ready')
  expect(counted.counts).toEqual({ new: saved.length - knownCount, update: knownCount, skipped: 0 })
  expect(await phonesIn(locationId)).toHaveLength(knownCount)

  await changeSession(kit.ctx, actor, { sessionId, change: { syncContacts: true } })
  await sync.until('a fifth of them', (view) => drained(view, 0.2))
  await kit.crm.fault('drop-after', { locationId, method: 'POST', path: '/contacts/$', times: 15 })
  await killWorker()
  await sync.until('half of them', (view) => drained(view, 0.5))
  await kit.crm.fault('status', { locationId, status: 503 })
  const waiting = await sync.until('waiting', ({ state }) => state === 'waiting')
  expect(waiting.detail).toMatch(/does not answer/)
  await kit.crm.clearFaults()
  const done = await sync.until('the end', ({ state }) => state === 'done')
  console.log(`10,000 contacts in ${Math.round((performance.now() - startedMs) / 1000)} s`)

  expect(done.progress).toEqual({ done: saved.length, total: saved.length })
  expect(sync.seen).toEqual([...sync.seen].sort((a, b) => a - b))
  expect(new Set(sync.seen).size).toBeGreaterThan(10)
  const inCrm = await kit.crm.contacts(locationId)
  expect(new Set(inCrm.map(({ phone }) => phone)).size).toBe(inCrm.length)
  const names = new Map(inCrm.map((one) => [one.phone, [one.firstName, one.lastName].filter(Boolean).join(' ')]))
  expect(saved.filter(({ number, name }) => names.get(`+${number}`) !== name)).toEqual([])
  expect(inCrm).toHaveLength(saved.length)

  // And it goes on by itself.
  await owner.renameContact(saved[0]!.number, 'Another Name')
  await until('the new name', async () =>
    (await kit.crm.contacts(locationId)).some(({ firstName }) => firstName === 'Another'),
  )
}, 1_200_000)

test('control: without looking for a contact before making it, a kill makes some twice', async () => {
  const saved = book(600, 34_656_000_003)
  await startWorker('looking')
  const { locationId, sessionId, actor } = await linked(saved)
  await previewContactSync(kit.ctx, actor, sessionId)
  const sync = watch(actor, sessionId)
  await sync.until('a preview', ({ state }) => state === 'ready')
  // Made, but the answer is on its way when the worker dies.
  await kit.crm.fault('drop-after', { locationId, method: 'POST', path: '/contacts/$', times: 3 })
  await changeSession(kit.ctx, actor, { sessionId, change: { syncContacts: true } })
  await sync.until('a fifth of them', (view) => drained(view, 0.2))
  await killWorker('looking')
  await sync.until('the end', ({ state }) => state === 'done')
  const inCrm = await phonesIn(locationId)
  expect(inCrm.length).toBeGreaterThan(new Set(inCrm).size)
}, 600_000)
