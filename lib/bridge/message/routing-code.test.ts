import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
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
    ['one\n#WH3 two', 'one\ntwo', 3],
    ['one\n  #WH3 two', 'one\n  two', 3],
    ['one\n#WH3, two', 'one\n, two', 3],
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

describe('codes of other products, where they are wanted', () => {
  const aliased = (text: string) => parseRoutingCode(text, 'WH', { aliases: true })
  test.each([
    ['{WA#2} hello', 'hello'],
    ['hello {{ WA#2 }}', 'hello'],
    ['hello {{WA#2}} Ana', 'hello Ana'],
    ['#wa#2 hello', 'hello'],
  ])('%j', (text, left) => {
    expect(aliased(text)).toMatchObject({ text: left, priority: 2 })
    expect(parse(text)).toEqual({ text, priority: null, code: null, conflict: false })
  })
  test.each(['{WA#}', '{WA#222} x', 'x{WA#2}', 'WA#2', '##WA#2 x'])('%j is none', (text) => {
    expect(aliased(text)).toMatchObject({ text, priority: null })
  })
})

/** Text in which nothing is a code, whatever is put around it. */
const plain = fc.stringMatching(/^[a-z0-9 .,!?\n\t\u00a0\u200b()áñ😀-]{0,40}$/u)
const word = fc.stringMatching(/^[a-z0-9áñ😀]{1,12}$/u)

describe('for any text', () => {
  const check = (property: fc.IProperty<unknown[]> | fc.IPropertyWithHooks<never>) =>
    fc.assert(property as fc.IProperty<unknown[]>, { numRuns: 500, verbose: true })

  test('without a code nothing is touched', () =>
    check(
      fc.property(plain, (text) => {
        expect(parse(text)).toEqual({ text, priority: null, code: null, conflict: false })
      }),
    ))

  test('a code put between words is found and leaves the words as they were', () =>
    check(
      fc.property(
        fc.array(word, { maxLength: 8 }),
        fc.nat({ max: 8 }),
        fc.nat({ max: 99 }),
        fc.constantFrom('#WH', '#wh', '#Wh'),
        (words, at, priority, mark) => {
          const place = Math.min(at, words.length)
          const text = [...words.slice(0, place), `${mark}${priority}`, ...words.slice(place)].join(' ')
          expect(parse(text)).toEqual({
            text: words.join(' '),
            priority,
            code: `${mark}${priority}`,
            conflict: false,
          })
        },
      ),
    ))

  test('doubling its mark delivers any code as it was typed', () =>
    check(
      fc.property(plain, word, fc.nat({ max: 99 }), (before, after, priority) => {
        const typed = `${before}\n#WH${priority}\n${after}`
        expect(parse(typed.replace('#WH', '##WH'))).toEqual({
          text: typed,
          priority: null,
          code: null,
          conflict: false,
        })
      }),
    ))

  test('what is left holds no code any more, and was all in the text', () =>
    check(
      fc.property(fc.array(fc.oneof(plain, fc.constantFrom('#WH1', '#wh2', ' ', '\n', '(', ')', '|'))), (pieces) => {
        const text = pieces.join('')
        const { text: left, priority } = parse(text)
        // Taking a code out can bring two pieces together; whoever reads it again must still find none it had not seen.
        if (priority === null) expect(left).toBe(text)
        else expect(left.length).toBeLessThan(text.length)
        const letters = (of: string) => of.replace(/\s/gu, '')
        let from = 0
        for (const letter of letters(left)) {
          from = letters(text).indexOf(letter, from) + 1
          expect(from).toBeGreaterThan(0)
        }
      }),
    ))
})

// Growth, not speed: sixteen times the text may take about sixteen times as long, and four times that on a busy machine; work
// that grew with the square would take 256 times as long.
test('a megabyte of hostile text takes time in proportion to its length', { timeout: 120_000 }, () => {
  const units = ['#WH', '#WH1', '#WH1 ', ' #WH1', '#', '##WH1 ', '\u200b', '\n#WH1', '#WH11111111', '{{ ', '{WA#1', ' ']
  // The processor's time, not the clock's: others may be at work.
  const timeOf = (text: string) => {
    const before = process.cpuUsage()
    const { text: left } = parseRoutingCode(text, 'WH', { aliases: true })
    expect(left.length).toBeLessThanOrEqual(text.length)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
  const best = (text: string) => Math.min(...Array.from({ length: 3 }, () => timeOf(text)))
  for (const unit of units) {
    const of = (length: number) => unit.repeat(Math.ceil(length / unit.length))
    const sixteenth = best(of(65_536))
    const whole = best(of(1_048_576))
    expect([unit, whole < Math.max(sixteenth, 1) * 64]).toEqual([unit, true])
  }
})
