import { createCipheriv, createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import fixtures from './fixtures/sso-vectors.json'
import { readUserData } from './sso'

const secret = fixtures.sharedSecret

test.each(fixtures.vectors)('reads $name', ({ payload, plaintext }) => {
  const written = JSON.parse(plaintext) as Record<string, unknown>
  expect(readUserData(payload, secret)).toEqual({
    userId: written.userId,
    companyId: written.companyId,
    name: written.userName,
    email: written.email,
    role: written.role,
    type: written.type === 'agency' ? 'agency' : 'account',
    isAgencyOwner: written.isAgencyOwner,
    locationId: written.activeLocation ?? null,
  })
})

describe('what is not the CRM’s own user data reads as nothing', () => {
  const payload = fixtures.vectors[2]!.payload
  const original = readUserData(payload, secret)!

  test('another secret', () => expect(readUserData(payload, secret + 'x')).toBeNull())

  test('no flipped bit anywhere changes who someone is or what they may do', () => {
    const bytes = Buffer.from(payload, 'base64')
    let refused = 0
    for (let offset = 16; offset < bytes.length; offset++)
      for (const bit of [1, 0x20, 0x80]) {
        const flipped = Buffer.from(bytes)
        flipped[offset]! ^= bit
        const read = readUserData(flipped.toString('base64'), secret)
        if (read === null) refused++
        else {
          const { name: _name, email: _email, ...rights } = read
          const { name: _wasName, email: _wasEmail, ...were } = original
          // One bit can turn an id into another well-formed id only where nothing else breaks, which garbles 16 bytes before it.
          expect(rights).toEqual(were)
        }
      }
    expect(refused).toBeGreaterThan((bytes.length - 16) * 2)
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['no base64', '!!!!'],
    ['salt only', Buffer.from('Salted__12345678').toString('base64')],
    ['plain JSON', Buffer.from(fixtures.vectors[0]!.plaintext).toString('base64')],
    ['too long', Buffer.concat([Buffer.from('Salted__'), Buffer.alloc(20_000)]).toString('base64')],
  ])('%s', (_name, bad) => expect(readUserData(bad, secret)).toBeNull())

  test.each<[string, Record<string, unknown>]>([
    ['an unknown role', { role: 'owner' }],
    ['an unknown type', { type: 'staff' }],
    ['no user', { userId: undefined }],
    ['a location that is a path', { activeLocation: '../../x' }],
  ])('%s', (_name, change) => {
    const plain = { ...(JSON.parse(fixtures.vectors[2]!.plaintext) as object), ...change }
    expect(readUserData(encrypt(JSON.stringify(plain)), secret)).toBeNull()
  })

  function encrypt(plain: string): string {
    const salt = Buffer.from('12345678')
    let material = Buffer.alloc(0)
    let block = Buffer.alloc(0)
    while (material.length < 48) {
      block = createHash('md5')
        .update(Buffer.concat([block, Buffer.from(secret), salt]))
        .digest()
      material = Buffer.concat([material, block])
    }
    const cipher = createCipheriv('aes-256-cbc', material.subarray(0, 32), material.subarray(32, 48))
    return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(plain), cipher.final()]).toString('base64')
  }
})
