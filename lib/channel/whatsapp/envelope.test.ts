import { proto, type BinaryNode } from '@whiskeysockets/baileys'
import { expect, test } from 'vitest'
import { decodePlaintext, envelopeOf, eventsOf, missedCallOf } from './envelope'

const self = { pnUser: '15550100', lidUser: '900' }
const directory = { lidOf: () => null, pnOf: () => null }
const text = proto.Message.fromObject({ conversation: 'hi' })
const stanza = (attrs: Record<string, string>): BinaryNode => ({
  tag: 'message',
  attrs: { id: 'M1', t: '1700000000', ...attrs },
})
const heard = (attrs: Record<string, string>, message: proto.IMessage = text) =>
  eventsOf(envelopeOf(stanza(attrs)), message, self, directory)

test('a contact by private id, with the number beside it', () => {
  expect(heard({ from: '777@lid', sender_pn: '15550101@s.whatsapp.net', notify: 'Ann' })).toEqual([
    {
      type: 'message',
      id: 'M1',
      person: {
        address: '777@lid',
        aliases: ['777@lid', '15550101@s.whatsapp.net'],
        phone: '+15550101',
        name: 'Ann',
      },
      fromPhone: false,
      content: { kind: 'text', text: 'hi' },
      at: new Date(1_700_000_000_000),
    },
  ])
})

test('what the owner typed is about the one it went to, and not named after the owner', () => {
  const own = { from: '900@lid', recipient: '777@lid', peer_recipient_pn: '15550101@s.whatsapp.net', notify: 'Owner' }
  expect(heard(own)).toMatchObject([{ fromPhone: true, person: { phone: '+15550101', name: null } }])
  expect(heard({ from: '15550100:0@s.whatsapp.net', recipient: '15550101@s.whatsapp.net' })).toMatchObject([
    { fromPhone: true, person: { address: '15550101@s.whatsapp.net' } },
  ])
})

test.each([
  ['a group', { from: '1-2@g.us', participant: '777@lid' }],
  ['a story', { from: 'status@broadcast', participant: '777@lid' }],
  ['a channel', { from: '1@newsletter' }],
  ['a stranger who claims to be an own copy', { from: '777@lid', recipient: '778@lid' }],
  ['a note to oneself', { from: '900@lid', recipient: '900@lid' }],
  ['nobody', { from: '' }],
])('%s is not heard', (_what, attrs) => {
  expect(heard(attrs)).toEqual([])
})

test('keys and settings from the own phone are not heard, but a message it gives again is', () => {
  const peer = { from: '15550100@s.whatsapp.net', category: 'peer' }
  expect(heard(peer, { protocolMessage: { type: 6 } })).toEqual([])
  const info = (key: proto.IMessageKey) =>
    proto.WebMessageInfo.encode({ key, message: text, messageTimestamp: 1_700_000_001, pushName: 'Ann' }).finish()
  const answer = (...infos: Uint8Array[]) => ({
    protocolMessage: {
      peerDataOperationRequestResponseMessage: {
        peerDataOperationResult: infos.map((webMessageInfoBytes) => ({
          placeholderMessageResendResponse: { webMessageInfoBytes },
        })),
      },
    },
  })
  const given = heard(
    peer,
    answer(
      info({ id: 'R1', remoteJid: '777@lid' }),
      info({ id: 'R2', remoteJid: '1-2@g.us' }),
      info({ id: 'R3', remoteJid: '900@lid' }),
      Buffer.from([0xff, 0xff]),
    ),
  )
  expect(given).toMatchObject([
    { id: 'R1', fromPhone: false, person: { address: '777@lid', name: 'Ann' }, content: { kind: 'text', text: 'hi' } },
  ])
  expect(heard({ from: '777@lid' }, answer(info({ id: 'R1', remoteJid: '778@lid' })))).toEqual([])
})

test('a time that is none becomes now', () => {
  const [event] = eventsOf(envelopeOf(stanza({ from: '777@lid', t: 'never' })), text, self, directory)
  expect(Math.abs(event!.at.getTime() - Date.now())).toBeLessThan(5000)
})

test.each([
  [{}, true],
  [{ reason: 'timeout' }, true],
  [{ reason: 'accepted_elsewhere' }, false],
  [{ reason: 'rejected_elsewhere' }, false],
  [{ 'group-jid': '1-2@g.us' }, false],
  [{ 'call-creator': '900:0@lid' }, false],
])('a call that ends with %o was missed: %s', (attrs, isMissed) => {
  const node: BinaryNode = {
    tag: 'call',
    attrs: { from: '777@lid', t: '1700000000' },
    content: [{ tag: 'terminate', attrs: { 'call-id': 'C1', 'call-creator': '777@lid', ...attrs } }],
  }
  expect(missedCallOf(node, true, self, directory)).toEqual(
    isMissed ? expect.objectContaining({ id: 'C1', content: { kind: 'call', video: true } }) : null,
  )
})

test('bytes that are no message are refused, an own copy is unpacked', () => {
  const padded = (message: proto.IMessage) => Buffer.concat([proto.Message.encode(message).finish(), Buffer.from([1])])
  expect(decodePlaintext(padded({ deviceSentMessage: { destinationJid: '7@lid', message: text } }))).toMatchObject({
    conversation: 'hi',
  })
  expect(() => decodePlaintext(Buffer.from([0x0a, 0xff, 0x01]))).toThrow()
  expect(() => decodePlaintext(Buffer.alloc(0))).toThrow()
})
