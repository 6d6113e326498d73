import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import { plant } from './e2e/canaries'
import { findChromium } from './scripts/chromium'
import { freePort } from './scripts/postgres'

// This file is read again in every process of the run; what is chosen once is handed on in the environment.
process.env.E2E_PORT ??= String(await freePort())
process.env.E2E_DATA ??= temporaryFolder()

export default defineConfig({
  testDir: 'e2e/specs',
  outputDir: 'test-results/playwright',
  workers: 2,
  fullyParallel: true,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // For what never comes: a machine that is slow, or does other things besides, takes its time.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    // A recorded trace costs a third of a run's time; `npm run e2e -- <name>` has one.
    trace: process.env.TEST_OUTPUT_DIR ? 'off' : 'retain-on-failure',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
    navigationTimeout: 60_000,
    launchOptions: {
      executablePath: findChromium() ?? undefined,
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        ...['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update'],
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'specs', teardown: 'afterwards' },
    // What can only be said once everything else has run.
    { name: 'afterwards', testMatch: /afterwards\.ts$/ },
  ],
  webServer: {
    command: `node scripts/run.mjs sandbox --data "${process.env.E2E_DATA}"`,
    env: {
      PORT: process.env.E2E_PORT,
      DATABASE_URL: process.env.E2E_DATABASE_URL ?? '',
      PACING: 'off',
      SANDBOX_HOLD_SCALE: '0.05',
      SANDBOX_CODE_SECONDS: '20',
      APP_SECRET: plant('key'),
      OPERATOR_TOKEN: plant('token'),
    },
    stdout: 'pipe',
    // Each becomes a variable for the specs: E2E_CRM_URL, E2E_PHONES_URL, E2E_APP_URL, E2E_MAILS_URL.
    wait: {
      stdout:
        /^CRM (?<e2e_crm_url>\S+)$[^]*^Phones (?<e2e_phones_url>\S+)$[^]*^App (?<e2e_app_url>\S+)$[^]*^Mails (?<e2e_mails_url>\S+)$[^]*^ready$/m,
    },
    timeout: 600_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
  },
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-e2e-'))
  // The database in it may run as another user, who must be able to enter.
  chmodSync(folder, 0o711)
  return folder
}
