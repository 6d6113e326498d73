import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const root = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '')

/** Begun last, these would be waited for alone. */
const long = /\/(kill|both-sides)\.test\.ts$/
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Number(long.test(b.moduleId)) - Number(long.test(a.moduleId)))
  }
}

// `--mode faults` runs the fault spec instead: it kills processes and restarts databases of its own, mostly waits, and takes
// minutes rather than seconds.
export default defineConfig(({ mode }) => ({
  resolve: { alias: { '@': root } },
  test: {
    environment: 'node',
    setupFiles: ['e2e/emulators/quiet-libsignal.ts'],
    globalSetup: ['db/test-cluster.ts'],
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    sequence: { sequencer: LongFirst },
    // They wait for databases and processes more than they compute.
    maxWorkers: 2,
    ...(mode === 'faults'
      ? {
          include: ['e2e/faults/**/*.test.ts'],
          testTimeout: 600_000,
        }
      : {
          include: ['{app,components,lib,db,scripts,bench}/**/*.test.{ts,tsx}', 'e2e/**/*.test.ts'],
          exclude: ['e2e/specs/**', 'e2e/faults/**', '**/node_modules/**'],
          testTimeout: 60_000,
        }),
  },
}))
