import { expect, test } from 'vitest'
import answers from './fixtures/answers.json'
import {
  addMessageAnswer,
  contactAnswer,
  errorBody,
  grantAnswer,
  installedLocationsAnswer,
  maybeContactAnswer,
  messagesAnswer,
  usersAnswer,
} from './schemas'

const contact = answers['contacts.get.response']

test('tokens of every kind of install are read', () => {
  expect(grantAnswer.parse(answers['oauth.token.response.location'])).toMatchObject({
    userType: 'Location',
    locationId: 'bN3kWq8TzR5mXv1CfJyE',
    userId: 'uA1vB2wC3xD4yE5zF6gH',
  })
  expect(grantAnswer.parse(answers['oauth.token.response.company-bulk'])).toMatchObject({
    userType: 'Company',
    locationId: null,
    approvedLocations: ['bN3kWq8TzR5mXv1CfJyE', 'hT6pLd0YsG4uAe7NoViK'],
  })
  const { refresh_token: _none, ...minted } = answers['oauth.location-token.response']
  expect(grantAnswer.parse(minted)).toMatchObject({ refreshToken: null })
})

test('a location token without its location is no token', () => {
  const { locationId: _none, ...grant } = answers['oauth.token.response.location']
  expect(grantAnswer.safeParse(grant).success).toBe(false)
})

test('installed locations keep their ids and names', () => {
  const [first] = installedLocationsAnswer.parse(answers['oauth.installed-locations.response'])
  expect(first).toEqual({
    id: 'bN3kWq8TzR5mXv1CfJyE',
    name: 'Acme Dental',
    isInstalled: true,
    installedAt: new Date('2026-09-14T10:22:31Z'),
  })
})

test('message lists are read flat and nested', () => {
  const flat = messagesAnswer.parse(answers['conversations.messages.response.documented'])
  const nested = messagesAnswer.parse(answers['conversations.messages.response.observed'])
  expect(flat).toEqual(nested)
  expect(flat.map((message) => message.direction)).toEqual(['outbound', 'inbound'])
})

test('an added message without an id was not added', () => {
  expect(addMessageAnswer.safeParse(undefined).success).toBe(false)
  expect(addMessageAnswer.safeParse({ success: true }).success).toBe(false)
  expect(addMessageAnswer.safeParse(answers['conversations.inbound.response']).success).toBe(true)
})

test('a contact that does not exist is null', () => {
  expect(maybeContactAnswer.parse(answers['contacts.search-duplicate.response.none'])).toBeNull()
  expect(maybeContactAnswer.parse(answers['contacts.search-duplicate.response.found'])?.name).toBe('Pat Doe')
})

test.each<[string, object, boolean]>([
  ['nothing set', {}, false],
  ['in general', { dnd: true }, true],
  ['for text messages', { dndSettings: { SMS: { status: 'active' } } }, true],
  ['for good', { dndSettings: { WhatsApp: { status: 'permanent' } } }, true],
  ['for calls only', { dndSettings: { Call: { status: 'active' }, SMS: { status: 'inactive' } } }, false],
  ['settings of another shape', { dndSettings: 'none' }, false],
])('do not disturb: %s', (_name, change, dnd) => {
  expect(contactAnswer.parse({ contact: { ...contact.contact, ...change } }).dnd).toBe(dnd)
})

test('a user of unknown rights has the least', () => {
  const [user] = answers['users.by-location.response'].users
  const read = usersAnswer.parse({
    users: [
      { ...user, roles: { type: 'staff', role: 'root' } },
      { ...user, roles: null },
    ],
  })
  for (const one of read) expect(one).toMatchObject({ role: 'user', type: 'account' })
  expect(usersAnswer.parse({ users: [{ ...user, deleted: true }] })).toEqual([])
})

test('every error body yields a sentence', () => {
  expect(errorBody.parse(answers['error.422.empty-attachments']).message).toContain('at least 1 elements')
  expect(errorBody.parse(answers['error.v3.aip-envelope']).message).toContain('was not found')
  expect(errorBody.parse(answers['contacts.create.error.duplicate']).contactId).toBe('cT4eX8rW2nB6vM9qZ1aS')
  expect(errorBody.parse(undefined).message).toBe('')
  expect(errorBody.parse('<html>').message).toBe('')
})
