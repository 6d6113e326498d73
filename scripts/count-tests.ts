// Sums what the test tools reported. A tool that says nothing, or fails without saying in what, has failed once.
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

export interface Counted {
  passed: number
  failed: number
  /** Why a failure was counted that is not a test's own. */
  notes: string[]
}

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
})

const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
  errors: z.array(z.object({ message: z.string().optional() })),
})

export function countVitest(name: string, file: string, exitCode: number): Counted {
  return counted(name, file, exitCode, (report) => {
    const { numPassedTests, numFailedTests, testResults } = vitestReport.parse(report)
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
    )
    return {
      passed: numPassedTests,
      failed: numFailedTests + broken.length,
      notes: broken.map((file) => `${file.name} failed outside its tests`),
    }
  })
}

export function countPlaywright(name: string, file: string, exitCode: number): Counted {
  return counted(name, file, exitCode, (report) => {
    const { stats, errors } = playwrightReport.parse(report)
    return {
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky + errors.length,
      notes: errors.map((error) => `${name}: ${error.message ?? 'an error outside the tests'}`),
    }
  })
}

function counted(name: string, file: string, exitCode: number, read: (report: unknown) => Counted): Counted {
  if (!existsSync(file)) return { passed: 0, failed: 1, notes: [`${name} left no report (exit code ${exitCode})`] }
  let result: Counted
  try {
    result = read(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    return { passed: 0, failed: 1, notes: [`${name} left a report that cannot be read: ${String(error)}`] }
  }
  if (exitCode !== 0 && result.failed === 0)
    return { ...result, failed: 1, notes: [...result.notes, `${name} ended with code ${exitCode}`] }
  if (result.passed + result.failed === 0) return { ...result, failed: 1, notes: [`${name} ran no test`] }
  return result
}
