// What a spec starts from: an agency, sub-account, people and phones of its own, and pages that must not complain.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { test as base, expect, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test'
import { connectCrm, type CrmClient } from './emulators/highlevel/client'
import type { Company, Location, User } from './emulators/highlevel/nouns'
import { connectPhones, type NewPhoneOptions, type PhoneClient, type Phones } from './emulators/whatsapp/client'
import { AppFrame } from './specs/app-frame'
import { Inbox } from './specs/inbox'

export { expect }

export interface Agency {
  company: Company
  owner: User
  addSubAccount(name?: string): Promise<SubAccount>
  addUser(subAccount: SubAccount, role: 'admin' | 'user', type?: 'account' | 'agency'): Promise<User>
}

export interface SubAccount {
  id: string
  name: string
  location: Location
  admin: User
}

/** Who looks, and where; the sub-account's admin in the first page unless told otherwise. */
interface Looking {
  page?: Page
  as?: User
}

export interface Places {
  crm: string
  phones: string
  app: string
  mails: string
}

interface TestFixtures {
  agency: Agency
  /** A sub-account of the agency, with an admin of its own and without the app. */
  subAccount: SubAccount
  /** The same with the app in it. */
  installed: SubAccount
  /** Makes the browser's pages act as this user in the CRM. */
  actAs: (user: User, page?: Page) => Promise<void>
  openInbox: (subAccount: SubAccount, more?: Looking) => Promise<Inbox>
  openApp: (subAccount: SubAccount, more?: Looking) => Promise<AppFrame>
  newPhone: (options?: NewPhoneOptions) => Promise<PhoneClient>
  /** Complaints of the pages that this test provokes. */
  expectedComplaints: RegExp[]
  complaints: string[]
  quietPages: void
  /** Browsers of other people, watched like the first one. */
  anotherBrowser: (options?: BrowserContextOptions) => Promise<BrowserContext>
}

export interface WorkerFixtures {
  places: Places
  crm: CrmClient
  phones: Phones
}

/** Short and never used before, so that parallel tests and repeated runs share nothing. */
export const fresh = (): string => randomBytes(4).toString('hex')

/** As the app calls them. */
export const nameOf = ({ firstName, lastName }: User): string => `${firstName} ${lastName}`.trim()

/** The CRM takes seconds to know its own message and to tell of an install, and ten minutes to try a webhook again. */
const QUICK_CRM = { messages: { statusRaceMs: 300 }, oauth: { installWebhookMs: 200 }, webhooks: { scale: 0.001 } }

export const test = base.extend<TestFixtures, WorkerFixtures>({
  places: [
    async ({}, use) => {
      const at = (name: string) => {
        const url = process.env[name]
        if (!url) throw new Error(`${name} is not set: start the specs with "npm run e2e", which starts the sandbox.`)
        return url
      }
      await use({
        crm: at('E2E_CRM_URL'),
        phones: at('E2E_PHONES_URL'),
        app: at('E2E_APP_URL'),
        mails: at('E2E_MAILS_URL'),
      })
    },
    { scope: 'worker' },
  ],
  crm: [
    async ({ places }, use) => {
      const crm = connectCrm(places.crm)
      await crm.set(QUICK_CRM)
      await use(crm)
    },
    { scope: 'worker' },
  ],
  phones: [({ places }, use) => use(connectPhones(places.phones)), { scope: 'worker' }],

  agency: async ({ browser, crm }, use) => {
    const mark = fresh()
    const company = await crm.createAgency(`Agency ${mark}`)
    const users: User[] = []
    const addUserOf = async (given: Parameters<CrmClient['createUser']>[0]) => {
      const user = await crm.createUser({ companyId: company.id, ...given })
      users.push(user)
      return user
    }
    const owner = await addUserOf({ name: `Olive ${mark}`, type: 'agency', role: 'admin', owner: true })
    const agency: Agency = {
      company,
      owner,
      async addSubAccount(name = 'Harbour') {
        const location = await crm.createSubAccount(`${name} ${fresh()}`, { companyId: company.id })
        const { id, name: full } = location
        const admin = await addUserOf({ name: `Ada ${fresh()}`, type: 'account', role: 'admin', locations: [id] })
        return { id, name: full, location, admin }
      },
      addUser: ({ id }, role, type = 'account') =>
        addUserOf({ name: `${role === 'admin' ? 'Ada' : 'Uma'} ${fresh()}`, type, role, locations: [id] }),
    }
    await use(agency)
    // Nobody looks at what is taken away now.
    for (const page of browser.contexts().flatMap((context) => context.pages())) await page.close()
    await crm.uninstall({ companyId: company.id })
    const { locations } = await crm.state()
    for (const { id } of locations.filter((one) => one.companyId === company.id)) {
      for (const contact of await crm.contacts(id)) await crm.deleteContact(contact)
      await crm.deleteSubAccount(id)
    }
    for (const { id } of users) await crm.changeUser(id, { deleted: true })
  },
  subAccount: async ({ agency }, use) => use(await agency.addSubAccount()),
  installed: async ({ crm, subAccount }, use) => {
    await crm.install(subAccount.id, { as: subAccount.admin.id })
    await use(subAccount)
  },

  actAs: async ({ places, context }, use) => {
    await use(async (user, page) => {
      const within = page?.context() ?? context
      await within.addInitScript(
        ([origin, id]) => {
          if (window.location.origin === origin) localStorage.setItem('acting', id!)
        },
        [places.crm, user.id],
      )
    })
  },
  openInbox: async ({ places, page: first, actAs }, use) => {
    await use(async ({ id, admin }, { page = first, as = admin } = {}) => {
      await actAs(as, page)
      await page.goto(`${places.crm}/l/${id}`)
      return new Inbox(page)
    })
  },
  openApp: async ({ places, page: first, actAs }, use) => {
    await use(async ({ id, admin }, { page = first, as = admin } = {}) => {
      await actAs(as, page)
      await page.goto(`${places.crm}/l/${id}/app`)
      return new AppFrame(page)
    })
  },
  newPhone: async ({ phones }, use) => use((options) => phones.create(options)),

  expectedComplaints: async ({}, use) => use([]),
  complaints: async ({}, use) => use([]),
  quietPages: [
    async ({ context, complaints, expectedComplaints }, use) => {
      collectComplaints(context, complaints)
      await use()
      expect(complaints.filter((text) => !expectedComplaints.some((expected) => expected.test(text)))).toEqual([])
    },
    { auto: true },
  ],
  page: async ({ page }, use, info) => {
    await use(page)
    if (info.status !== info.expectedStatus) await keepWhatWasSeen(page.context(), info.outputPath('seen.txt'))
  },
  anotherBrowser: async ({ browser, complaints }, use) => {
    const opened: BrowserContext[] = []
    await use(async (options) => {
      const context = await browser.newContext(options)
      opened.push(context)
      collectComplaints(context, complaints)
      return context
    })
    for (const context of opened) await context.close()
  },
})

/** A code that is over, or not there yet, when it is asked for. */
const harmless = /status of 409 .*\/qr\)$/

/** Everything the pages of a browser write as an error, those in frames included. */
/** What every page showed, frames included, as it would be read out: a picture does not say what was announced. */
async function keepWhatWasSeen(context: BrowserContext, file: string): Promise<void> {
  const seen: string[] = []
  for (const frame of context.pages().flatMap((page) => page.frames())) {
    const shown = await frame.locator('body').ariaSnapshot({ timeout: 5_000 }).catch(String)
    seen.push(`${new URL(frame.url()).pathname}\n${shown}`)
  }
  await writeFile(file, seen.join('\n\n'))
}

export function collectComplaints(context: BrowserContext, complaints: string[]): void {
  context.on('console', (message) => {
    const text = `${message.text()} (${message.location().url})`
    if (message.type() === 'error' && !harmless.test(text)) complaints.push(text)
  })
  context.on('weberror', (error) => complaints.push(error.error().stack ?? error.error().message))
}
