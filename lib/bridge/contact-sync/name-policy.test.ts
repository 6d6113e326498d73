import { expect, test } from 'vitest'
import { judgeName, type NameFacts } from './name-policy'

const facts: NameFacts = { policy: 'fill_empty', current: null, saved: 'Ana López', ours: [] }

test.each<[string, Partial<NameFacts>, 'write' | 'same' | 'keep']>([
  ['an empty name is filled', {}, 'write'],
  ['blanks are no name', { current: '  ' }, 'write'],
  ['a bare number is no name', { current: '+34 600 100-200' }, 'write'],
  ['nor is what the app calls strangers', { current: 'WhatsApp +34600100200' }, 'write'],
  ['a name of the CRM stays', { current: 'Dr. Ana López' }, 'keep'],
  ['the same name, spaced otherwise, needs nothing', { current: 'ana  lópez' }, 'same'],
  ['one the app wrote is replaced', { current: 'Ana', ours: ['ana'] }, 'write'],
  ['one the app wrote and somebody changed stays', { current: 'Ana L.', ours: ['Ana'] }, 'keep'],
  ['the phone wins where that is set', { current: 'Dr. Ana López', policy: 'phone_wins' }, 'write'],
])('%s', (_, given, verdict) => expect(judgeName({ ...facts, ...given })).toBe(verdict))
