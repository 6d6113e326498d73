import { expect, test } from 'vitest'
import type { CrmMessageId } from '@/lib/ids'
import { matchMessage } from './match-message'
import type { ListedMessage } from './schemas'

const at = new Date('2026-09-14T10:25:02.000Z')
const wanted = { outsideId: 'wa-1', direction: 'inbound' as const, text: 'ok', at, providerId: 'ours' }
const listed = (change: Partial<ListedMessage>): ListedMessage => ({
  id: 'm1' as CrmMessageId,
  direction: 'inbound',
  text: 'ok',
  at,
  outsideId: null,
  providerId: 'ours',
  ...change,
})
const late = new Date(at.getTime() + 2_001)

test.each<[string, ListedMessage[], string | null]>([
  ['our outside id, whatever else differs', [listed({ outsideId: 'wa-1', text: 'other', at: null })], 'm1'],
  ['the same words under another outside id are another message', [listed({ outsideId: 'wa-2' })], null],
  [
    'the same words without an id, where ids are shown, are another message',
    [listed({}), listed({ id: 'm2' as CrmMessageId, outsideId: 'wa-2', text: 'before' })],
    null,
  ],
  ['where no ids are shown, direction, text and time decide', [listed({})], 'm1'],
  ['another direction', [listed({ direction: 'outbound' })], null],
  ['another text', [listed({ text: 'ok!' })], null],
  ['another time', [listed({ at: late })], null],
  ['no time', [listed({ at: null })], null],
  ['another provider', [listed({ providerId: 'theirs' })], null],
  ['nothing listed', [], null],
])('%s', (_name, messages, id) => expect(matchMessage(messages, wanted)).toBe(id))
