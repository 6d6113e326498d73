import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { mails } from '@/db/schema/entitlements'
import { subAccounts } from '@/db/schema/sub-accounts'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { systemClock } from '@/lib/clock'
import { settingsPatch } from '@/lib/http/schemas/routing'
import type { LocationId, UserId } from '@/lib/ids'
import { silentLog, type Log } from '@/lib/log'
import { createMailer } from '@/lib/mail/mailer'
import type { Actor, BridgeContext } from '../context'
import { changeSettings } from '../sub-account/change-settings'
import { readSettings } from '../sub-account/read-settings'
import { putMail } from './put-mail'
import { sendMails, sweepAlerts, type Post } from './send-mails'

interface Arrived {
  to: string[]
  raw: Buffer
}

const read = ({ raw }: Arrived): Promise<Email> => PostalMime.parse(raw)

let kit: BridgeKit
let ctx: BridgeContext
let server: SMTPServer
let arrived: Arrived[]
let refuse: { code: number; after: 'taking' | 'not taking' } | null
let aheadMs = 0
let post: Post
let logged: string[]
let mailer: ReturnType<typeof createMailer>

beforeAll(async () => {
  kit = await startBridgeKit()
  const log: Log = {
    ...silentLog,
    info: (fields, sentence) => void logged.push(`${sentence} ${JSON.stringify(fields)}`),
    warn: (fields, sentence) => void logged.push(`${sentence} ${JSON.stringify(fields)}`),
  }
  ctx = { ...kit.ctx, log, clock: { ...systemClock, now: () => new Date(Date.now() + aheadMs) } }
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        if (refuse?.after !== 'not taking') arrived.push({ to, raw: Buffer.concat(chunks) })
        done(refuse && Object.assign(new Error(`no, ${to[0]}`), { responseCode: refuse.code }))
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  mailer = createMailer({ smtpUrl: `smtp://127.0.0.1:${port}`, from: 'Lines <lines@mail.example>' })
  post = { mailer, appUrl: 'https://app.example' }
})
afterAll(async () => {
  mailer.close()
  await new Promise<void>((done) => server.close(done))
  await kit.close()
})
beforeEach(async () => {
  ;[arrived, refuse, logged] = [[], null, []]
  await ctx.db.delete(mails)
})
afterEach(() => {
  // Whatever happened, nobody's address and nothing of the text is in the log.
  expect(logged.join('\n')).not.toMatch(/@|Sales|\+1202/)
})

const tell = (locationId: LocationId, key: string) =>
  ctx.db.transaction((tx) =>
    putMail(tx, ctx, { key, locationId, kind: 'back', facts: { label: 'Sales', phone: '+12025550140' } }),
  )
const outcomeOf = async (key: string) => (await ctx.db.select().from(mails).where(eq(mails.key, key)))[0]
const withEmails = (id: LocationId, alertEmails: string[], more: Record<string, unknown> = {}) =>
  ctx.db
    .update(subAccounts)
    .set({ settings: { alertEmails, ...more } })
    .where(eq(subAccounts.id, id))
const fresh = () => `mail ${Math.random()}`

it('goes to the addresses of the settings, none of whom sees the others, in the language of the sub-account', async () => {
  const id = await kit.subAccount()
  await withEmails(id, ['ana@shop.example', 'bo@shop.example'], { language: 'pt' })
  const key = fresh()
  await tell(id, key)
  await tell(id, key)
  await sendMails(ctx, post)
  await sendMails(ctx, post)
  expect(arrived).toHaveLength(1)
  const { to } = arrived[0]!
  const mail = await read(arrived[0]!)
  expect(to).toEqual(['ana@shop.example', 'bo@shop.example'])
  expect(JSON.stringify([mail.headers, mail.text])).not.toMatch(/(ana|bo)@shop/)
  expect(mail.from).toEqual({ name: 'Lines', address: 'lines@mail.example' })
  expect(mail.subject).toMatch(/^Sales \(\+12025550140\) está online de novo · Sub-account/)
  expect(mail.text).toContain(`https://app.example/embed/${id}`)
  const row = await outcomeOf(key)
  expect(row).toMatchObject({ outcome: 'sent', attempts: 1 })
  expect(mail.messageId).toBe(`<${row!.id}@mail.example>`)
})

it('is in Spanish once an admin has chosen Spanish; nobody can choose what there is no text in', async () => {
  const id = await kit.subAccount()
  const [row] = await ctx.db.select().from(subAccounts).where(eq(subAccounts.id, id))
  const actor: Actor = {
    ...{ kind: 'user', userId: 'u1' as UserId, name: 'Ana', email: 'a@example.com', role: 'location_admin' },
    ...{ companyId: row!.companyId, locationId: id, locationIds: null },
  }
  const change = settingsPatch.parse({ alertEmails: ['ana@shop.example'], language: 'es' })
  expect((await readSettings(ctx, actor, id)).language).toBe('en')
  await changeSettings(ctx, actor, { locationId: id, change })
  await tell(id, fresh())
  await sendMails(ctx, post)
  const mail = await read(arrived[0]!)
  expect(mail.subject).toMatch(/^Sales \(\+12025550140\) vuelve a estar/)
  expect(mail.text).toContain('Subcuenta: Sub-account')
  expect(mail.headers).toContainEqual(expect.objectContaining({ key: 'content-language', value: 'es' }))
  expect(settingsPatch.safeParse({ language: 'fr' }).success).toBe(false)
})

it('without settings, goes to the admins the CRM knows: of the sub-account and of its agency', async () => {
  const { companyId, id } = await kit.crm.createSubAccount('Bakery')
  await kit.crm.install(id)
  const people = [
    { name: 'Ada', type: 'account', role: 'admin', locations: [id] },
    { name: 'Uma', type: 'account', role: 'user', locations: [id] },
  ] as const
  const made = []
  for (const person of people) made.push(await kit.crm.createUser({ companyId, ...person, locations: [id] }))
  await tell(id as LocationId, fresh())
  await sendMails(ctx, post)
  const { to } = arrived[0]!
  expect(to).toContain(made[0]!.email.toLowerCase())
  expect(to).not.toContain(made[1]!.email.toLowerCase())
})

it('is tried again under the same id when the server did not take it, or took it without saying so', async () => {
  const id = await kit.subAccount()
  await withEmails(id, ['ana@shop.example'])
  const key = fresh()
  await tell(id, key)
  refuse = { code: 451, after: 'taking' }
  await sendMails(ctx, post)
  expect(await outcomeOf(key)).toMatchObject({ outcome: null, attempts: 1 })
  await sendMails(ctx, post)
  expect(arrived).toHaveLength(1)
  refuse = null
  aheadMs += 61_000
  await sendMails(ctx, post)
  expect(arrived).toHaveLength(2)
  expect((await read(arrived[0]!)).messageId).toBe((await read(arrived[1]!)).messageId)
  expect(await outcomeOf(key)).toMatchObject({ outcome: 'sent', attempts: 2 })
})

it('is taken up by another worker when one died with it in hand, and not before', async () => {
  const id = await kit.subAccount()
  await withEmails(id, ['ana@shop.example'])
  const key = fresh()
  await tell(id, key)
  const dying: Post = { ...post, mailer: { send: () => new Promise(() => {}) } }
  void sendMails(ctx, dying)
  await expect.poll(async () => (await outcomeOf(key))?.attempts).toBe(1)
  await sendMails(ctx, post)
  expect(arrived).toHaveLength(0)
  aheadMs += 121_000
  await Promise.all([sendMails(ctx, post), sendMails(ctx, post), sendMails(ctx, post)])
  expect(arrived).toHaveLength(1)
})

it('is given up after a day', async () => {
  const id = await kit.subAccount()
  await withEmails(id, ['ana@shop.example'])
  const key = fresh()
  await tell(id, key)
  refuse = { code: 550, after: 'not taking' }
  for (let round = 0; round < 40 && !(await outcomeOf(key))?.finishedAt; round++) {
    await sendMails(ctx, post)
    aheadMs += 3_600_001
  }
  expect(await outcomeOf(key)).toMatchObject({ outcome: 'given_up' })
})

it('is logged as not sent where the deployment sends none', async () => {
  const id = await kit.subAccount()
  const key = fresh()
  await tell(id, key)
  await sendMails(ctx, { ...post, mailer: null })
  expect(await outcomeOf(key)).toMatchObject({ outcome: 'not_configured' })
  expect(logged).toEqual([expect.stringContaining('mail not sent: SMTP_URL and MAIL_FROM are not set')])
})

it('is not sent for a sub-account that removed the app, and forgotten after a month', async () => {
  const id = await kit.subAccount()
  const key = fresh()
  await tell(id, key)
  await ctx.db.update(subAccounts).set({ status: 'uninstalled' }).where(eq(subAccounts.id, id))
  await sendMails(ctx, post)
  expect(await outcomeOf(key)).toMatchObject({ outcome: 'nobody' })
  await sweepAlerts(ctx)
  expect(await outcomeOf(key)).toBeDefined()
  aheadMs += 31 * 86_400_000
  await sweepAlerts(ctx)
  expect(await outcomeOf(key)).toBeUndefined()
})
