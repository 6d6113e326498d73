import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadContract, type Operation } from './contract'
import { trimAll } from './openapi/trim'

const ORIGINALS = join(import.meta.dirname, '../../../../shared/highlevel')
const FOLDER = join(import.meta.dirname, 'openapi')
const contract = loadContract()

function operation(method: string, path: string, version = '2021-07-28'): Operation {
  const found = contract.find(method, path, version)
  if (!found) throw new Error(`${method} ${path} is not known`)
  return found.operation
}

describe.runIf(existsSync(ORIGINALS))('beside the originals', () => {
  it('the kept files are what trimming the originals gives', () => {
    const fresh = trimAll(join(ORIGINALS, 'openapi'))
    const kept = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
    expect(kept.toSorted()).toEqual(
      Object.keys(fresh)
        .map((name) => name.replace('/', '.'))
        .toSorted(),
    )
    for (const [name, tree] of Object.entries(fresh))
      expect(JSON.parse(readFileSync(join(FOLDER, name.replace('/', '.')), 'utf8')), name).toEqual(tree)
  })

  const example = (name: string): unknown =>
    JSON.parse(readFileSync(join(ORIGINALS, 'examples', `${name}.json`), 'utf8'))

  it.each([
    ['oauth.token.request.authorization-code', 'post', '/oauth/token', ''],
    ['oauth.token.request.refresh', 'post', '/oauth/token', ''],
    ['oauth.token.request.v3', 'post', '/oauth/token', 'v3'],
    ['oauth.location-token.request', 'post', '/oauth/locationToken', ''],
    ['oauth.reconnect.request.location', 'post', '/oauth/reconnect', ''],
    ['marketplace.uninstall.request', 'delete', '/marketplace/app/x/installations', ''],
    ['contacts.upsert.request', 'post', '/contacts/upsert', ''],
    ['contacts.tags.add.request', 'post', '/contacts/c/tags', ''],
    ['conversations.inbound.request.sms', 'post', '/conversations/messages/inbound', ''],
    ['conversations.inbound.request.sent-from-phone', 'post', '/conversations/messages/inbound', ''],
    ['conversations.inbound.request.with-attachment', 'post', '/conversations/messages/inbound', ''],
    ['conversations.inbound.request.call-log', 'post', '/conversations/messages/inbound', ''],
    ['conversations.send.request.provider', 'post', '/conversations/messages', ''],
    ['conversations.send.request.internal-comment', 'post', '/conversations/messages', ''],
    ['conversations.status.request.failed', 'put', '/conversations/messages/m/status', ''],
  ])('accepts the sample request %s', (name, method, path, version) => {
    expect(contract.checkBody(operation(method, path, version), 'application/json', example(name))).toEqual([])
  })

  it.each([
    ['oauth.token.response.location', 'post', '/oauth/token', 200, ''],
    ['oauth.token.response.company-bulk', 'post', '/oauth/token', 200, ''],
    ['oauth.token.response.v3-location', 'post', '/oauth/token', 200, 'v3'],
    ['oauth.location-token.response', 'post', '/oauth/locationToken', 200, ''],
    ['oauth.location-token.response.v3', 'post', '/oauth/location-token', 200, 'v3'],
    ['oauth.installed-locations.response', 'get', '/oauth/installedLocations', 200, ''],
    ['oauth.installed-locations.response.v3', 'get', '/oauth/installed-locations', 200, 'v3'],
    ['marketplace.installer-details.response.location', 'get', '/marketplace/app/x/installations', 200, ''],
    ['contacts.get.response', 'get', '/contacts/c', 200, ''],
    ['contacts.upsert.response.created', 'post', '/contacts/upsert', 200, ''],
    ['contacts.search-duplicate.response.none', 'get', '/contacts/search/duplicate', 200, ''],
    ['contacts.search-duplicate.response.found', 'get', '/contacts/search/duplicate', 200, ''],
    ['conversations.messages.response.observed', 'get', '/conversations/c/messages', 200, ''],
    ['conversations.messages.response.documented', 'get', '/conversations/c/messages', 200, ''],
    ['conversations.search.response', 'get', '/conversations/search', 200, ''],
    ['conversations.create.response', 'post', '/conversations/', 201, ''],
    ['conversations.inbound.response', 'post', '/conversations/messages/inbound', 201, ''],
    ['conversations.send.response', 'post', '/conversations/messages', 201, ''],
    ['conversations.status.response.observed', 'put', '/conversations/messages/m/status', 200, ''],
    ['conversations.upload.response', 'post', '/conversations/messages/upload', 200, ''],
    ['users.search.response', 'get', '/users/search', 200, ''],
    ['locations.get.response', 'get', '/locations/l', 200, ''],
    ['locations.conversation-channels.response.v3', 'get', '/locations/l/conversationChannels/SMS', 200, 'v3'],
  ])('accepts the sample answer %s', (name, method, path, status, version) => {
    expect(contract.checkAnswer(operation(method, path, version), status, example(name))).toEqual([])
  })
})

describe('complaints come in the words of the CRM', () => {
  const inbound = operation('post', '/conversations/messages/inbound')
  const complain = (body: unknown) => contract.checkBody(inbound, 'application/json', body).map((one) => one.message)

  it.each([
    [{ type: 'SMS', foo: 1 }, 'property foo should not exist'],
    [{ type: 'SMS', attachments: [] }, 'attachments must contain at least 1 elements'],
    [{ message: 'x' }, 'type should not be empty'],
    [{ type: 'SMS', message: 4 }, 'message must be a string'],
    [{ type: 'SMS', direction: 'up' }, 'direction must be one of the following values: inbound, outbound'],
    [{ type: 'Call', call: { speed: 1 } }, 'property call.speed should not exist'],
  ])('%j', (body, message) => expect(complain(body)).toEqual([message]))

  it('checks answers too', () => {
    expect(contract.checkAnswer(inbound, 200, { success: true })).toContain(
      "body must have required property 'messageId'",
    )
    expect(contract.checkAnswer(inbound, 204, {})).toEqual(['status 204 is not documented'])
  })
})

it('a path only v3 has is hidden under the older versions', () => {
  expect(contract.find('get', '/oauth/installed-locations', '2021-07-28')).toBeUndefined()
  expect(contract.find('get', '/oauth/installed-locations', 'v3')?.operation.v3).toBe(true)
  expect(contract.find('get', '/contacts/abc', 'v3')?.params).toEqual({ contactId: 'abc' })
  expect(contract.find('get', '/contacts/search/duplicate', '2021-07-28')?.operation.key).toBe(
    'get /contacts/search/duplicate',
  )
})
