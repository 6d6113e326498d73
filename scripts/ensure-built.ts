// The web's build, made again exactly when what it was made from has changed.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root, runNode } from './children'
import { isAlive } from './processes'

const SOURCES = ['app', 'components', 'lib', 'db', 'messages', 'public']
const FILES = ['package-lock.json', 'next.config.ts', 'postcss.config.mjs', 'proxy.ts', 'instrumentation.ts']
const BUILD_ID = join(root, '.next', 'BUILD_ID')
const MARK = join(root, '.next', 'built-from')
const LOCK = join(root, '.data', 'building')

export async function ensureBuilt(): Promise<void> {
  if (await isCurrent()) return
  await alone(async () => {
    if (!(await isCurrent())) await build()
  })
}

export async function build(): Promise<void> {
  const from = await fingerprint()
  console.log('Building the web app …')
  const code = await runNode('node_modules/next/dist/bin/next', ['build'], { ...process.env, NODE_ENV: 'production' })
  if (code !== 0 || !existsSync(BUILD_ID)) throw new Error('The web app could not be built; the reason is above.')
  await writeFile(MARK, from)
}

async function isCurrent(): Promise<boolean> {
  if (!existsSync(BUILD_ID) || !existsSync(MARK)) return false
  return (await readFile(MARK, 'utf8')) === (await fingerprint())
}

/** By content, not by time: a checkout or a copy gives every file a new time, and a deleted file has none. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const path of (await Promise.all(SOURCES.map(filesBelow))).flat().concat(FILES).sort()) {
    if (/\.test\.tsx?$/.test(path) || !existsSync(join(root, path))) continue
    hash.update(`${path}\0`).update(await readFile(join(root, path)))
  }
  return hash.digest('hex')
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(join(root, folder))) return []
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}

/** Two launchers of one folder must not build into it at the same time. */
async function alone(work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(LOCK), { recursive: true })
  for (;;) {
    const isOurs = await mkdir(LOCK).then(
      () => true,
      () => false,
    )
    if (isOurs) break
    const holder = Number(await readFile(join(LOCK, 'pid'), 'utf8').catch(() => '0'))
    if (holder && !isAlive(holder)) await rm(LOCK, { recursive: true, force: true })
    await sleep(250)
  }
  try {
    await writeFile(join(LOCK, 'pid'), String(process.pid))
    await work()
  } finally {
    await rm(LOCK, { recursive: true, force: true })
  }
}
