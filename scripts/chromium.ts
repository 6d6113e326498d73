// A browser for the tests: one that is here, or one that is fetched once.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { root } from './children'

const SYSTEM: Record<string, string[]> = {
  linux: [
    // Without the parts nobody sees here the specs take two thirds of the time.
    ...(isHeaded() ? [] : ['/usr/bin/chromium-headless-shell']),
    ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'],
    ...['/usr/bin/microsoft-edge', '/snap/bin/chromium', '/opt/google/chrome/chrome'],
  ],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    ...['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'].flatMap((path) =>
      ['ProgramFiles', 'ProgramFiles(x86)', 'LocalAppData'].map((name) => join(process.env[name] ?? 'C:\\', path)),
    ),
  ],
}

function isHeaded(): boolean {
  return process.argv.some((word) => ['--headed', '--ui', '--debug'].includes(word))
}

/** The path of a browser already here, or null. */
export function findChromium(): string | null {
  const named = process.env.E2E_CHROMIUM
  if (named && !existsSync(named)) throw new Error(`E2E_CHROMIUM names ${named}, which does not exist.`)
  const candidates = [named, chromium.executablePath(), ...(SYSTEM[process.platform] ?? [])]
  return candidates.find((path) => path && existsSync(path)) ?? null
}

export function findOrInstallChromium(): string {
  const found = findChromium()
  if (found) return found
  console.log('No Chromium here; fetching the one Playwright offers …')
  spawnSync(process.execPath, [join(root, 'node_modules/playwright/cli.js'), 'install', 'chromium'], {
    stdio: 'inherit',
  })
  const isRootOnDebian = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (!findChromium() && isRootOnDebian) {
    console.log('That did not work; installing the one of this system …')
    spawnSync('apt-get', ['update'], { stdio: 'inherit' })
    for (const name of ['chromium-headless-shell', 'chromium'])
      if (!findChromium())
        spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], { stdio: 'inherit' })
  }
  const installed = findChromium()
  if (installed) return installed
  throw new Error('The browser tests need Chromium: install it (or Chrome, or Edge), or set E2E_CHROMIUM to its path.')
}
