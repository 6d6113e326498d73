// What WhatsApp should never send: the worker lives, and everything else goes on.
import { randomBytes } from 'node:crypto'
import { FORGERIES } from '@/e2e/emulators/whatsapp/wire/forge'
import type { PhoneClient, Phones } from '@/e2e/emulators/whatsapp/client'
import { expect, fresh, test } from '../../fixtures'

type Stanza = Parameters<Phones['injectStanza']>[1]

const stanzas = (from: string): Stanza[] => {
  const user = `${from}@s.whatsapp.net`
  const id = () => randomBytes(8).toString('hex').toUpperCase()
  return [
    { tag: 'nonsense', attrs: {} },
    { tag: 'message', attrs: {} },
    { tag: 'message', attrs: { from: user, id: id() }, content: [] },
    {
      tag: 'message',
      attrs: { from: 'not a jid', id: id(), t: 'yesterday', type: 'text' },
      content: [{ tag: 'enc', attrs: { type: 'msg', v: '2' }, content: 'x' }],
    },
    {
      tag: 'message',
      attrs: { from: user, id: id(), t: '99999999999999999999', type: 'text' },
      content: [
        { tag: 'enc', attrs: { type: 'pkmsg', v: '2' }, content: { base64: randomBytes(300).toString('base64') } },
      ],
    },
    {
      tag: 'message',
      attrs: { from: user, id: 'x'.repeat(5_000), t: '1', type: 'text' },
      content: [{ tag: 'enc', attrs: { type: 'msg' }, content: { base64: '' } }],
    },
    {
      tag: 'message',
      attrs: { from: '123@g.us', participant: 'nobody', id: id(), t: '1' },
      content: [{ tag: 'enc', attrs: { type: 'skmsg' }, content: 'x' }],
    },
    {
      tag: 'message',
      attrs: { from: 'status@broadcast', participant: user, id: id(), t: '1' },
      content: [{ tag: 'plaintext', attrs: {}, content: 'x' }],
    },
    { tag: 'receipt', attrs: {} },
    {
      tag: 'receipt',
      attrs: { from: user, id: id(), type: 'read' },
      content: [{ tag: 'list', attrs: {}, content: [{ tag: 'item', attrs: {} }] }],
    },
    { tag: 'receipt', attrs: { from: user, id: id(), type: 'retry' } },
    {
      tag: 'receipt',
      attrs: { from: user, id: id(), type: 'retry' },
      content: [{ tag: 'retry', attrs: { count: 'NaN', v: '1' } }],
    },
    { tag: 'ack', attrs: { class: 'message', id: id(), from: user, error: 'NaN' } },
    { tag: 'ack', attrs: {} },
    { tag: 'notification', attrs: { from: user, id: id(), type: 'devices' } },
    { tag: 'notification', attrs: { from: user, id: id(), type: 'encrypt' }, content: [{ tag: 'count', attrs: {} }] },
    {
      tag: 'notification',
      attrs: { from: user, id: id(), type: 'server_sync' },
      content: [{ tag: 'collection', attrs: { name: '__proto__' } }],
    },
    {
      tag: 'notification',
      attrs: { from: '1@g.us', id: id(), type: 'w:gp2' },
      content: [{ tag: 'create', attrs: {} }],
    },
    {
      tag: 'notification',
      attrs: { from: user, id: id(), type: 'account_sync' },
      content: [{ tag: 'disappearing_mode', attrs: {} }],
    },
    { tag: 'notification', attrs: {} },
    { tag: 'call', attrs: { from: user, id: id() }, content: [{ tag: 'offer', attrs: {} }] },
    { tag: 'call', attrs: {} },
    { tag: 'presence', attrs: { from: 'x' } },
    { tag: 'chatstate', attrs: { from: user }, content: [] },
    { tag: 'iq', attrs: { type: 'set', id: id() }, content: [{ tag: 'pair-success', attrs: {} }] },
    { tag: 'iq', attrs: { type: 'result', id: 'never asked' } },
    { tag: 'ib', attrs: {}, content: [{ tag: 'offline', attrs: { count: '-1' } }] },
    { tag: 'ib', attrs: {}, content: [{ tag: 'dirty', attrs: { type: '\u0000' } }] },
  ]
}

interface UnderAttack {
  attacked: PhoneClient
  ana: PhoneClient
  /** Messages cross both ways on the session under attack, and on the one beside it. */
  flows(when: string): Promise<void>
  calm(): Promise<void>
}

/** A session to attack and one beside it, both held by the one worker there is, and a person who writes with both. */
const attack = test.extend<{ under: UnderAttack }>({
  under: async ({ crm, phones, installed, openApp, newPhone }, use) => {
    const [attacked, neighbour, ana] = [await newPhone(), await newPhone(), await newPhone()]
    const app = await openApp(installed)
    await app.link('Attacked', attacked)
    await app.link('Neighbour', neighbour)
    const contact = await crm.createContact(installed.id, { name: 'Ana', phone: `+${ana.number}` })
    const since = await phones.position()

    const flows = async (when: string) => {
      const marks = { out: `out ${when} ${fresh()}`, in: `in ${when} ${fresh()}`, beside: `beside ${when} ${fresh()}` }
      await crm.write(contact, `#WH1 ${marks.out}`)
      await ana.waitForText(attacked, marks.out)
      await ana.sendText(attacked, marks.in)
      await crm.waitForMessage((each) => each.locationId === installed.id && each.text === marks.in, 30_000)
      await crm.write(contact, `#WH2 ${marks.beside}`)
      await ana.waitForText(neighbour, marks.beside)
    }
    const calm = async () => {
      // Had the worker died, the neighbour's connection would have gone with it.
      const events = await phones.history(since)
      expect(events.filter((event) => event.kind === 'closed' && event.number === neighbour.number)).toEqual([])
      // Nothing that was claimed for somebody else was believed.
      const posted = (await crm.history(0, ['message-posted'])).filter((event) => event.locationId === installed.id)
      const outbound = posted.filter(({ direction, via }) => direction === 'outbound' && via !== 'send')
      expect(outbound.map((event) => event.text)).toEqual([])
      expect(posted.every((event) => event.contactId === contact.id)).toBe(true)
    }
    await use({ attacked, ana, flows, calm })
  },
})

attack(
  'malformed and dishonest stanzas leave the worker alive and every message flowing',
  async ({ phones, under }) => {
    const { attacked, ana, flows, calm } = under
    await flows('before')
    for (const stanza of stanzas(ana.number)) {
      await attacked.waitForDevice(30_000)
      await phones.injectStanza(attacked.number, stanza)
    }
    await flows('after malformed stanzas')
    for (const kind of FORGERIES) await phones.forge(kind, { from: ana, to: attacked, text: `forged ${kind}` })
    await flows('after forged messages')
    await calm()
  },
)

attack('bytes that are no stanza cost a connection and nothing else', async ({ phones, under }) => {
  const { attacked, flows, calm } = under
  await phones.injectBytes(attacked.number, randomBytes(5_000))
  await flows('after bytes that are no stanza')
  await phones.injectBytes(attacked.number, randomBytes(64), false)
  await flows('after bytes that are not even sealed')
  await calm()
})
