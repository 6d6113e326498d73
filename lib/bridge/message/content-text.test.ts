import { expect, test } from 'vitest'
import type { Content } from '@/lib/channel/channel'
import type { RemoteId } from '@/lib/ids'
import { contentText } from './content-text'

const at = new Date('2026-11-21T09:30:00Z')
const target = 'A1' as RemoteId

test.each<[Content, string | null, string]>([
  [{ kind: 'text', text: 'hi' }, null, 'hi'],
  [{ kind: 'text', text: 'yes', quoted: 'Shall we?\nToday' }, null, '> Shall we? Today\nyes'],
  [{ kind: 'text', text: 'x', quoted: 'q'.repeat(200) }, null, `> ${'q'.repeat(120)}…\nx`],
  [
    { kind: 'location', latitude: 1.5, longitude: -2, name: 'Café', address: 'Main St' },
    null,
    'Café\nMain St\nhttps://maps.google.com/?q=1.5,-2',
  ],
  [{ kind: 'contacts', contacts: [{ name: 'Ana', phones: ['+15550100001'] }] }, null, 'Ana\n+15550100001'],
  [{ kind: 'contacts', contacts: [{ name: '', phones: ['+15550100001'] }] }, null, '+15550100001'],
  [{ kind: 'contacts', contacts: [{ name: '', phones: [] }] }, null, 'Sent a contact without a name or a number.'],
  [{ kind: 'group-invite', subject: 'Bakers' }, null, 'Invitation to the group Bakers'],
  [{ kind: 'group-invite', subject: '' }, null, 'Invitation to a group'],
  [{ kind: 'reaction', emoji: '👍', target }, 'See you tomorrow', 'Reacted 👍 to: See you tomorrow'],
  [
    { kind: 'reaction', emoji: '👍', target },
    '👩‍👧'.repeat(80),
    `Reacted 👍 to: ${[...'👩‍👧'.repeat(80)].slice(0, 60).join('')}…`,
  ],
  [{ kind: 'reaction', emoji: '👍', target }, null, 'Reacted 👍'],
  [{ kind: 'reaction', emoji: '', target }, 'x', 'Removed a reaction from: x'],
  [{ kind: 'edit', text: 'new', target }, 'old', 'Edited: new'],
  [{ kind: 'deletion', target }, 'old', 'Deleted a message'],
  [{ kind: 'call', video: false }, null, 'Missed WhatsApp call at 2026-11-21 09:30 UTC'],
  [{ kind: 'poll', question: 'When?', options: ['Now', 'Later'] }, null, 'When?\n1. Now\n2. Later'],
  [{ kind: 'media', media: 'image', caption: 'Look' }, null, 'Sent a picture. Open the phone to see it.\nLook'],
  [{ kind: 'view-once' }, null, 'Sent something to be seen once. Open the phone to see it.'],
  ...(
    [
      ['undecryptable', ', because it could not be decrypted'],
      ['malformed', ', because it is damaged'],
      ['unavailable', ', because WhatsApp shows it on the phone only'],
      ['absent', ', because it came without its content'],
      ['of another kind', ''],
    ] as const
  ).map(([reason, why]): [Content, null, string] => [
    { kind: 'unreadable', reason },
    null,
    `A WhatsApp message could not be read${why}. Open the phone to see it.`,
  ]),
  [{ kind: 'unsupported', what: 'event' }, null, 'Unsupported WhatsApp message, open the phone'],
])('%j reads as a line', (content, quoted, line) => {
  expect(contentText(content, at, quoted)).toBe(line)
})
