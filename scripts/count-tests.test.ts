import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { countPlaywright, countVitest } from './count-tests'

const folder = mkdtempSync(join(tmpdir(), 'trunkline-count-'))
afterAll(() => rmSync(folder, { recursive: true }))

function report(name: string, value: unknown): string {
  const file = join(folder, name)
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  return file
}
const vitest = (passed: number, failed: number, files: { status: string; tests: string[] }[] = []) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  testResults: files.map(({ status, tests }) => ({
    name: 'a.test.ts',
    status,
    assertionResults: tests.map((status) => ({ status })),
  })),
})
const playwright = (expected: number, unexpected: number, flaky = 0, errors: unknown[] = []) => ({
  stats: { expected, unexpected, flaky, skipped: 0 },
  errors,
})

const cases: [
  what: string,
  count: typeof countVitest,
  report: unknown,
  exit: number,
  passed: number,
  failed: number,
][] = [
  ['all passed', countVitest, vitest(3, 0), 0, 3, 0],
  ['one failed', countVitest, vitest(2, 1, [{ status: 'failed', tests: ['failed', 'passed'] }]), 1, 2, 1],
  ['a file that could not be read', countVitest, vitest(2, 0, [{ status: 'failed', tests: [] }]), 1, 2, 1],
  ['a bad exit with nothing counted', countVitest, vitest(3, 0), 1, 3, 1],
  ['no test at all', countVitest, vitest(0, 0), 0, 0, 1],
  ['a cut-off report', countVitest, '{"numPassed', 0, 0, 1],
  ['all passed', countPlaywright, playwright(4, 0), 0, 4, 0],
  ['one failed, one flaky', countPlaywright, playwright(4, 1, 1), 1, 4, 2],
  ['the server did not start', countPlaywright, playwright(0, 0, 0, [{ message: 'no server' }]), 1, 0, 1],
]
test.each(cases)('%s', (what, count, value, exit, passed, failed) => {
  const result = count('tool', report(`${count.name}-${what}.json`, value), exit)
  expect([result.passed, result.failed]).toEqual([passed, failed])
  if (what !== 'all passed' && !what.startsWith('one failed')) expect(result.notes.join()).not.toBe('')
})

test('an absent report is a failure, whatever the exit code', () => {
  expect(countVitest('vitest', join(folder, 'absent.json'), 0)).toEqual({
    passed: 0,
    failed: 1,
    notes: ['vitest left no report (exit code 0)'],
  })
})
