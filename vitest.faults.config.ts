import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config'

// Kills processes and restarts databases of its own: one file at a time, and minutes rather than seconds.
const config = mergeConfig(base, defineConfig({ test: { fileParallelism: false, testTimeout: 600_000 } }))
config.test!.include = ['e2e/faults/**/*.test.ts']
config.test!.exclude = ['**/node_modules/**']

export default config
