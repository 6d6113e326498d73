import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '') } },
  test: {
    environment: 'node',
    include: ['{app,components,lib,db,scripts,bench}/**/*.test.{ts,tsx}', 'e2e/**/*.test.ts'],
    exclude: ['e2e/specs/**', 'e2e/faults/**', '**/node_modules/**'],
    globalSetup: ['db/test-cluster.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
