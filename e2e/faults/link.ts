// Sub-accounts with one linked session each, made as people make them: installed, added in the app, scanned.
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { PhoneClient } from '../emulators/whatsapp/client'
import type { FaultWorld } from './world'
import { until } from './until'

export interface LinkedSession {
  locationId: string
  sessionId: string
  phone: PhoneClient
}

const signedIn = z.object({ token: z.string() })
const made = z.object({ id: z.string() })
const shown = z.object({ qr: z.string() })
const canBeLinked = ['created', 'logged_out', 'failed']
/** So many people scan at the same time. */
const atOnce = 8
const state = z.object({ status: z.string(), detail: z.string() })

export async function linkAll(world: FaultWorld, count: number): Promise<LinkedSession[]> {
  const { crm, phones } = world
  const before = await crm.state()
  const locationIds: string[] = []
  for (let n = 0; n < count; n++) locationIds.push((await crm.createSubAccount(`Sub-account ${n + 1}`)).id)
  const installed = await crm.installAgency({ locationIds })
  if (installed.status !== 200) throw new Error(`the install ended with ${installed.status}: ${installed.body}`)
  const user = before.users.find(({ type, role }) => type === 'agency' && role === 'admin')!
  const payload = await crm.ssoPayload({ user: user.id })
  const signIn = await post(world, '/api/sso', { payload }, { 'x-trunkline-frame': randomUUID() })
  const { token } = signedIn.parse(signIn)
  const bearer = { authorization: `Bearer ${token}` }
  const owners = await phones.createMany(locationIds.map((_, n) => ({ name: `Owner ${n + 1}` })))
  const lines: LinkedSession[] = []
  const link = async (locationId: string, n: number): Promise<void> => {
    const phone = owners[n]!
    const path = `/api/v1/locations/${locationId}/sessions`
    const { id } = made.parse(
      await until('the sub-account can take a session', () =>
        post(world, path, { label: 'Main' }, bearer).catch(() => null),
      ),
    )
    const read = async () => state.parse(await get(world, `/api/v1/sessions/${id}`, bearer)).status
    let scanned = ''
    await until(
      'a connected session',
      async () => {
        const status = await read()
        if (status === 'connected') return true
        // On a busy machine a link may come to nothing, and the QR that was read may be gone; a person tries again.
        if (canBeLinked.includes(status)) await post(world, `/api/v1/sessions/${id}/link`, {}, bearer).catch(() => null)
        const found = await get(world, `/api/v1/sessions/${id}/qr`, bearer).catch(() => null)
        const qr = found === null ? '' : shown.parse(found).qr
        if (qr && qr !== scanned)
          await phone.scan(qr).then(
            () => (scanned = qr),
            () => null,
          )
        return false
      },
      180_000,
      read,
    )
    lines[n] = { locationId, sessionId: id, phone }
  }
  const waiting = [...locationIds.entries()]
  const linkNext = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await link(next[1], next[0])
  }
  await Promise.all(Array.from({ length: atOnce }, linkNext))
  return lines
}

async function post(world: FaultWorld, path: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${world.appUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return read(path, response)
}

async function get(world: FaultWorld, path: string, headers: Record<string, string>): Promise<unknown> {
  for (;;) {
    const response = await fetch(`${world.appUrl}${path}`, { headers })
    if (response.status !== 429) return read(path, response)
    // Fifty sessions linked at once ask more often than one person may.
    await response.body?.cancel()
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get('retry-after') ?? 1)))
  }
}

async function read(path: string, response: Response): Promise<unknown> {
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
  return JSON.parse(text)
}
