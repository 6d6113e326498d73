// One sub-account with numbers linked as people link them, which several cases share; each case brings contacts of its own.
import { expect, type Browser, type BrowserContext } from '@playwright/test'
import type { CrmClient } from '@/e2e/emulators/highlevel/client'
import type { Contact, Location, User } from '@/e2e/emulators/highlevel/nouns'
import type { PhoneClient, Phones } from '@/e2e/emulators/whatsapp/client'
import { collectComplaints, fresh } from '../fixtures'
import { AppFrame } from './app-frame'
import { asJson, bearer, send, signIn } from './bad-input/wire'
import { Inbox } from './inbox'

/** Somebody with a phone, who is a contact in the CRM. */
export interface Customer {
  name: string
  phone: PhoneClient
  contact: Contact
}

interface Trace {
  rule: number
  text: string
  warnings: string[]
  fallbackFrom: { label: string } | null
  holdMs: number | null
}
export interface Logged {
  id: string
  status: string
  text: string
  session: { label: string } | null
  failure: { code: string; message: string } | null
  trace: Trace | null
}

interface Needs {
  browser: Browser
  crm: CrmClient
  phones: Phones
  places: { crm: string; app: string }
}

export type World = Awaited<ReturnType<typeof makeWorld>>

export async function makeWorld({ browser, crm, phones, places }: Needs, labels: readonly string[]) {
  const company = await crm.createAgency(`Agency ${fresh()}`)
  const location: Location = await crm.createSubAccount(`Harbour ${fresh()}`, { companyId: company.id })
  const users: User[] = []
  const addUser = async (name: string, role: 'admin' | 'user') => {
    const user = await crm.createUser({
      ...{ companyId: company.id, name: `${name} ${fresh()}`, type: 'account', role, locations: [location.id] },
    } as Parameters<CrmClient['createUser']>[0])
    users.push(user)
    return user
  }
  const admin = await addUser('Ada', 'admin')
  await crm.install(location.id, { as: admin.id })
  const context: BrowserContext = await browser.newContext()
  const complaints: string[] = []
  collectComplaints(context, complaints)
  await context.addInitScript(
    ([origin, id]) => {
      if (window.location.origin === origin) localStorage.setItem('acting', id!)
    },
    [places.crm, admin.id],
  )
  const appPage = await context.newPage()
  await appPage.goto(`${places.crm}/l/${location.id}/app`)
  const app = new AppFrame(appPage)
  const lines = new Map<string, PhoneClient>()
  const link = async (label: string): Promise<PhoneClient> => {
    const phone = await phones.create()
    await app.link(label, phone)
    lines.set(label, phone)
    return phone
  }
  for (const label of labels) await link(label)
  const inboxPage = await context.newPage()
  await inboxPage.goto(`${places.crm}/l/${location.id}`)
  const inbox = new Inbox(inboxPage)
  const own = bearer(await signIn(places.app, crm, admin, location.id))

  async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const sending = body === undefined ? { headers: own } : asJson(body, own)
    const answer = await send(`${places.app}/api/v1${path}`, { ...sending, method })
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`)
    return answer.json as Answer
  }
  /** Null until the app was handed it. */
  async function find(text: string): Promise<Logged | null> {
    const { items } = await ask<{ items: Logged[] }>('GET', `/locations/${location.id}/messages?limit=50`)
    const found = items.find((message) => message.text.includes(text))
    return found ? await ask<Logged>('GET', `/messages/${found.id}`) : null
  }
  const sessions = async () =>
    (
      await ask<{ items: { id: string; label: string; priority: number; status: string }[] }>(
        'GET',
        `/locations/${location.id}/sessions`,
      )
    ).items
  const sessionId = async (label: string) => (await sessions()).find((session) => session.label === label)!.id

  return {
    ...{ crm, phones, app, inbox, admin, location, ask, link, addUser, sessions, sessionId },
    line: (label: string): PhoneClient => lines.get(label)!,
    set: (change: object) => ask('PATCH', `/locations/${location.id}/settings`, change),

    /** A contact with a phone, opened in the inbox. */
    async customer(name: string, more: { assignedTo?: string } = {}): Promise<Customer> {
      const full = `${name} ${fresh()}`
      const phone = await phones.create({ name: full })
      const contact = await crm.createContact(location.id, { name: full, phone: `+${phone.number}`, ...more })
      await inbox.choose(full)
      return { name: full, phone, contact }
    },
    /** What left for a customer from one of the numbers. */
    async got(customer: Customer, label: string): Promise<string[]> {
      const bubbles = await customer.phone.chat(lines.get(label)!)
      return bubbles.filter(({ direction }) => direction === 'in').map(({ text }) => text)
    },
    /** Resolves when a message written in the inbox has arrived, from this number. */
    async arrives(customer: Customer, label: string, text: string): Promise<void> {
      await customer.phone.waitForText(lines.get(label)!, text)
    },
    /** They write, and the CRM shows it. */
    async writes(customer: Customer, label: string, text: string): Promise<void> {
      await customer.phone.sendText(lines.get(label)!, text)
      await expect(inbox.received(text)).toBeVisible()
    },
    /** The newest message of the log with these words. */
    async logged(text: string): Promise<Logged> {
      const found = await find(text)
      if (!found) throw new Error(`The log has no message with "${text}".`)
      return found
    },
    why: async (text: string) => (await find(text))?.trace?.text,
    statusOf: async (text: string) => (await find(text))?.status,
    async close(): Promise<void> {
      await context.close()
      await crm.uninstall({ companyId: company.id })
      for (const contact of await crm.contacts(location.id)) await crm.deleteContact(contact)
      await crm.deleteSubAccount(location.id)
      for (const { id } of users) await crm.changeUser(id, { deleted: true })
      expect(complaints).toEqual([])
    },
  }
}
