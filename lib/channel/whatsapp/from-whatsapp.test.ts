import { proto } from '@whiskeysockets/baileys'
import { expect, test } from 'vitest'
import type { SendError } from '@/lib/channel/channel'
import { fixtures } from './fixtures/messages'
import { contentOf } from './from-whatsapp'
import { cleanBody, cleanName, parseAddress, personOf } from './ids'
import { skeleton } from './library-log'
import { prepare, unpack } from './to-whatsapp'

test.each(fixtures)('$name', ({ message, content }) => {
  // Over the wire and back, as it would come.
  const received = proto.Message.decode(proto.Message.encode(proto.Message.fromObject(message)).finish())
  expect(contentOf(received)).toEqual(content)
})

test('a message that nests without end is not followed', () => {
  let message: proto.IMessage = { conversation: 'deep' }
  for (let i = 0; i < 1000; i++) message = { ephemeralMessage: { message } }
  expect(contentOf(message)).toEqual({ kind: 'unsupported', what: 'ephemeralMessage' })
})

test('bodies keep line breaks and letters of every script, and lose what a database refuses', () => {
  expect(cleanBody('a\u0000b\u0007\n\tשלום\u200F \uD83D')).toBe('ab\n\tשלום\u200F \uFFFD')
  expect(cleanBody('x'.repeat(70_000))).toHaveLength(65_536)
  expect(cleanBody(`${'x'.repeat(65_535)}😀`)).toBe('x'.repeat(65_535))
})

test('names lose what would rewrite their surroundings', () => {
  expect(cleanName('  Ann\u202E\u0000\nLee\u2066 ', 100)).toBe('Ann Lee')
  expect(cleanName('\u200F\u0007', 100)).toBeNull()
  expect(cleanName('n'.repeat(300), 100)).toHaveLength(100)
})

test.each([
  ['15550100@s.whatsapp.net', '15550100@s.whatsapp.net'],
  ['15550100:12@s.whatsapp.net', '15550100@s.whatsapp.net'],
  ['15550100@c.us', '15550100@s.whatsapp.net'],
  ['777:3@lid', '777@lid'],
  ['777:99@hosted.lid', '777@lid'],
  ['123-456@g.us', null],
  ['status@broadcast', null],
  ['1@newsletter', null],
  ['a@s.whatsapp.net', null],
  ['', null],
  [undefined, null],
])('%s names %s', (jid, address) => {
  expect(parseAddress(jid)).toBe(address)
})

test('a person is one under all ids a stanza names and the directory knows, the private one first', () => {
  const directory = {
    lidOf: (pn: string) => (pn === '15550100' ? '777' : null),
    pnOf: (lid: string) => (lid === '777' ? '15550100' : null),
  }
  const known = {
    address: '777@lid',
    aliases: ['777@lid', '15550100@s.whatsapp.net'],
    phone: '+15550100',
    name: 'Ann',
  }
  expect(personOf(['15550100:2@s.whatsapp.net'], 'Ann', directory)).toEqual(known)
  expect(personOf(['777@lid'], 'Ann', directory)).toEqual(known)
  expect(personOf(['888@lid'], null, directory)).toEqual({
    address: '888@lid',
    aliases: ['888@lid'],
    phone: null,
    name: null,
  })
  expect(personOf(['123@g.us', undefined], 'Group', directory)).toBeNull()
})

test('text is prepared once, with the secret reports need and without a preview', () => {
  const message = unpack(prepare({ kind: 'text', text: 'see https://example.com' }))
  expect(message.extendedTextMessage?.text).toBe('see https://example.com')
  expect(message.extendedTextMessage?.matchedText ?? '').toBe('')
  expect(message.messageContextInfo?.messageSecret).toHaveLength(32)
})

test('what cannot be sent yet says so at once', () => {
  const attempt = () => prepare({ kind: 'media', media: 'image' })
  expect(attempt).toThrow(/cannot be sent/)
  try {
    attempt()
  } catch (error) {
    expect(error as SendError).toMatchObject({ fate: 'not_sent', final: true, code: 'unsupported' })
  }
})

test('the library is quoted without what it talks about', () => {
  expect(skeleton('Invalid LID-PN mapping: 777@lid, 15550100@s.whatsapp.net')).toBe('Invalid LID-PN mapping')
  expect(skeleton('found 15550100@s.whatsapp.net here')).toBe('found # here')
  expect(skeleton('failed to commit mutations, retries left=0')).toBe('failed to commit mutations, retries left=0')
})
