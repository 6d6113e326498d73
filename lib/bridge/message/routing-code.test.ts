import { describe, expect, test } from 'vitest'
import { parseRoutingCode } from './routing-code'

const parse = (text: string) => parseRoutingCode(text, 'WH')

describe('a routing code is read and removed', () => {
  test.each([
    ['#WH2 Hello', 'Hello', 2],
    ['Hello #WH2 Ana', 'Hello Ana', 2],
    ['Hello Ana #wh2', 'Hello Ana', 2],
    ['Hello (#WH2)', 'Hello ()', 2],
    ['#WH2\nHello\n\nBye', 'Hello\n\nBye', 2],
    ['#WH2|#POLL|Q?|A|B', '#POLL|Q?|A|B', 2],
    ['#WH2', '', 2],
    ['#Wh02 hi', 'hi', 2],
    ['#WH0 hi', 'hi', 0],
    ['#WH00', '', 0],
    ['one\n#WH3\ntwo', 'one\ntwo', 3],
    ['one\n#WH3', 'one', 3],
    ['one\r\n#WH3\r\ntwo', 'one\r\ntwo', 3],
    ['Hello #WH2, Ana', 'Hello, Ana', 2],
    ['Hello #WH2! Ana', 'Hello! Ana', 2],
    ['Hello\u00a0#WH2\u00a0Ana', 'Hello Ana', 2],
    ['\u200b#WH2\u200b hi', 'hi', 2],
    ['*#WH2* hi', '** hi', 2],
    ['#WH2 | Hello', '| Hello', 2],
    ['Hello #WH2| Ana', 'Hello Ana', 2],
    ['  keep  both  #WH1 ', '  keep  both', 1],
  ])('%j', (sent, delivered, priority) => {
    expect(parse(sent)).toMatchObject({ text: delivered, priority })
  })
})

describe('what only looks like a code stays as it is', () => {
  test.each([
    '#WH',
    '#WH 2',
    '#WHAT',
    '#WH2nd',
    '#WH123',
    'x#WH2',
    'https://a.b/#WH2',
    'See https://x.y/#WH2',
    '#WH٢',
    '###WH2',
  ])('%j', (text) => {
    expect(parse(text)).toEqual({ text, priority: null, code: null, conflict: false })
  })
})

test('a doubled mark is delivered as one', () => {
  expect(parse('Price ##WH2')).toEqual({ text: 'Price #WH2', priority: null, code: null, conflict: false })
})

test('the first of several codes decides, all are removed, a difference is a conflict', () => {
  expect(parse('#WH1 text #WH2')).toEqual({ text: 'text', priority: 1, code: '#WH1', conflict: true })
  expect(parse('#WH1 #WH1 text')).toMatchObject({ text: 'text', priority: 1, conflict: false })
})

test('another prefix is another channel', () => {
  expect(parseRoutingCode('#SM1 hi #WH2', 'SM')).toMatchObject({ text: 'hi #WH2', priority: 1 })
})

// Not a measurement: work that grew with the square of a megabyte would outlast the test's own limit many times over.
test('a megabyte of hostile text is parsed', { timeout: 60_000 }, () => {
  for (const unit of ['#WH', '#WH1', '#WH1 ', ' #WH1', '#', '##WH1 ', '\u200b', '\n#WH1', '#WH11111111']) {
    const text = unit.repeat(Math.ceil(1_000_000 / unit.length))
    expect(parse(text).text.length).toBeLessThanOrEqual(text.length)
  }
})
