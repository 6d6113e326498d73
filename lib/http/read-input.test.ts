import { describe, expect, it } from 'vitest'
import { operations } from './operations'
import { parseParams, parseQuery, readBody } from './read-input'

const at = (query: string) => `https://crossing.example/api/v1/locations/x/messages${query}`
const request = (body: BodyInit, type = 'application/json') =>
  new Request(at(''), { method: 'POST', body, headers: { 'content-type': type } })
const problem = async (work: () => unknown) => {
  try {
    await work()
  } catch (error) {
    return error
  }
}

describe('queries', () => {
  it('take defaults and numbers', () => {
    expect(parseQuery(operations.listMessages.query, at('?limit=7&status=held'))).toEqual({ limit: 7, status: 'held' })
    expect(parseQuery(operations.listMessages.query, at(''))).toEqual({ limit: 50 })
  })

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?limit=many', 'limit'],
    ['?status=lost', 'status'],
    ['?colour=red', 'colour'],
    ['?limit=1&limit=2', 'limit'],
    ['?sessionId=5', 'sessionId'],
    ['?__proto__=1', '__proto__'],
  ])('refuse %s, naming it', async (query, field) => {
    const error = await problem(() => parseQuery(operations.listMessages.query, at(query)))
    expect(error).toMatchObject({ code: 'bad_request' })
    expect(Object.keys((error as { fields: object }).fields)).toEqual([field])
  })
})

describe('bodies', () => {
  const read = (body: BodyInit, type?: string) => readBody(operations.createSession.body, request(body, type))

  it('are trimmed and completed', async () => {
    expect(await read('{"label":"  Sales "}')).toEqual({ label: 'Sales', channel: 'whatsapp' })
  })

  it.each([
    ['{"label":""}', 'label'],
    ['{"label":"   "}', 'label'],
    [`{"label":"${'x'.repeat(51)}"}`, 'label'],
    ['{"label":"a\\u0000b"}', 'label'],
    ['{"label":"a\\u202eb"}', 'label'],
    ['{"label":"Sales","colour":"red"}', 'colour'],
    ['{"label":"Sales","channel":"pigeon"}', 'channel'],
    ['{"label":["Sales"]}', 'label'],
    ['[]', 'body'],
    ['null', 'body'],
    ['', 'label'],
  ])('%s is refused, naming the field', async (body, field) => {
    const error = await problem(() => read(body))
    expect(error).toMatchObject({ code: 'bad_request', fields: { [field]: expect.any(String) } })
  })

  it('must be JSON, say so, and be small', async () => {
    expect(await problem(() => read('{"label"'))).toMatchObject({ code: 'bad_request' })
    expect(await problem(() => read('label=Sales', 'application/x-www-form-urlencoded'))).toMatchObject({
      code: 'bad_request',
    })
    expect(await problem(() => read(Buffer.from([0x22, 0xff, 0x22])))).toMatchObject({ code: 'bad_request' })
    expect(await problem(() => read(JSON.stringify({ label: 'x'.repeat(600_000) })))).toMatchObject({
      code: 'too_large',
    })
  })

  it('of requests without one may be empty, and hold no unknown field', async () => {
    expect(await readBody(operations.stopSession.body, request(''))).toEqual({})
    expect(await problem(() => readBody(operations.stopSession.body, request('{"now":true}')))).toMatchObject({
      code: 'bad_request',
    })
  })
})

it('an id that cannot be one is not found, like one that is not there', async () => {
  const params = { sessionId: "1' or '1'='1" }
  expect(await problem(() => parseParams(operations.readSession.params, params))).toMatchObject({ code: 'not_found' })
})
