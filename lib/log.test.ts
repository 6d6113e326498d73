import { expect, test } from 'vitest'
import { BridgeError } from './errors'
import { CrmError } from './highlevel/highlevel'
import { createLog, describeError } from './log'

function written(say: (log: ReturnType<typeof createLog>) => void): string[] {
  const chunks: string[] = []
  say(createLog({ name: 'test', destination: { write: (text) => void chunks.push(text) } }))
  return chunks
}

test.each([
  ['a line of its own', 'gone\n{"level":30,"msg":"paid"}'],
  ['another kind of line break', 'gone\r\u2028\u2029\u0085'],
  ['a command to the terminal', 'gone\u001b[2J\u001b]0;title\u0007\u009b2J\u007f\b'],
  ['an end of the text', 'gone\0"}'],
])('%s in a value, a name or a sentence stays inside its line, as harmless letters', (_what, value) => {
  const lines = written((log) => log.child({ worker: value }).warn({ reason: value, path: value }, value))
  expect(lines).toHaveLength(1)
  expect(lines[0]!.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  expect(JSON.parse(lines[0]!)).toMatchObject({ worker: value, reason: value, path: value, msg: value })
})

test('what must not be logged has no field', () => {
  written((log) => {
    // @ts-expect-error words
    log.info({ text: 'words' }, '')
    // @ts-expect-error words
    log.info({ body: 'words' }, '')
    // @ts-expect-error somebody's name
    log.info({ name: 'Ana' }, '')
    // @ts-expect-error a number
    log.info({ phone: '+15550004417' }, '')
    // @ts-expect-error where somebody is reached
    log.info({ address: '15550004417@s.whatsapp.net' }, '')
    // @ts-expect-error a secret
    log.info({ token: 'secret' }, '')
    // @ts-expect-error a secret
    log.info({ key: 'secret' }, '')
    // @ts-expect-error what a phone scans
    log.info({ qr: '2@secret' }, '')
    // @ts-expect-error nor by way of a child
    log.child({ phone: '+15550004417' })
  })
})

test('of errors of ours that quote nothing the sentence is kept too', () => {
  const refused = new CrmError('refused', 'POST /contacts/: 400', { cause: new Error('Ana is not welcome') })
  expect(describeError(refused)).toMatchObject({ type: 'CrmError', message: 'POST /contacts/: 400' })
  expect(JSON.stringify(describeError(refused))).not.toContain('Ana')
  expect(JSON.stringify(describeError(new BridgeError('not_found', 'Ana is not there.')))).not.toContain('Ana')
})

test('of an error its kind, code and frames are kept, and nothing it quotes', () => {
  function send_15550004417() {
    return new TypeError('no session for +15550004417: "words"', {
      cause: Object.assign(new Error('duplicate key (phone)=(+15550004417)'), {
        code: '23505',
        detail: '+15550004417',
      }),
    })
  }
  const [line] = written((log) => log.error({ err: send_15550004417() }, 'failed'))
  expect(line).not.toMatch(/15550004417|words/)
  const { err } = JSON.parse(line!) as { err: { stack: string[] } }
  expect(err).toMatchObject({ type: 'TypeError', cause: { type: 'Error', code: '23505' } })
  expect(err.stack[0]).toMatch(/at send_# \(.*log\.test\.ts/)
  expect(describeError('+15550004417')).toEqual({ type: 'string' })
})
