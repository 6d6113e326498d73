import { describe, expect, test } from 'vitest'
import { phoneVariants } from './phone-variants'

describe('one line, two numbers', () => {
  test.each([
    ['BR, with and without the ninth digit', '+5511987654321', '+551187654321'],
    ['MX, with and without the 1', '+5215512345678', '+525512345678'],
    ['AR, with and without the 9', '+5491123456789', '+541123456789'],
  ])('%s', (_, long, short) => {
    expect(phoneVariants(long)).toEqual([short])
    expect(phoneVariants(short)).toEqual([long])
  })

  test.each([
    ['a Brazilian landline', '+551133334444'],
    ['what looks like a landline behind the nine', '+5511933334444'],
    ['a number too short', '+55119876543'],
    ['a Spanish mobile', '+34600100200'],
    ['a US number that begins like them', '+15512345678'],
    ['a number too long', '+54911234567890'],
  ])('%s has no other', (_, phone) => expect(phoneVariants(phone)).toEqual([]))
})
