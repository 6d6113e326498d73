// The single checks of `npm run check`. Each prints what is wrong and returns whether all is well.
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { root, runNode } from './children'
import { findBreaches } from './floors'
import { planted } from './floors-planted'
import { lockComplaints } from './lock-file'

const runs = async (bin: string, ...args: string[]) =>
  (await runNode(join('node_modules', bin), args, process.env)) === 0

export const lint = () => runs('oxlint/bin/oxlint', '--deny-warnings')
export const format = () => runs('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')

/** Next's own types are generated, so a fresh checkout has none yet. */
export async function typecheck(): Promise<boolean> {
  const isGenerated = !existsSync(join(root, 'app')) || (await runs('next/dist/bin/next', 'typegen'))
  return isGenerated && (await runs('typescript/bin/tsc', '--noEmit', '-p', '.'))
}

export async function floors(): Promise<boolean> {
  for (const { file, text, isBreach } of planted) {
    if (findBreaches(new Map([[file, text]])).length > 0 === isBreach) continue
    console.error(`The floor check is broken: it ${isBreach ? 'misses' : 'refuses'} ${text} in ${file}`)
    return false
  }
  const files = await sources()
  const unread = ['app', 'components', 'lib', 'db', 'e2e'].filter(
    (folder) => ![...files.keys()].some((file) => file.startsWith(`${folder}/`)),
  )
  if (unread.length > 0) {
    console.error(`The floor check read no file of: ${unread.join(', ')}`)
    return false
  }
  const breaches = findBreaches(files)
  for (const { file, imports, rule } of breaches) console.error(`${file} imports ${imports}: ${rule}`)
  console.log(`Floors: ${files.size} files read, ${planted.length} planted imports judged, ${breaches.length} breaches`)
  return breaches.length === 0
}

/** A migration that drizzle-kit would still make is one that was forgotten. */
export async function migrations(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-migrations-'))
  try {
    await cp(join(root, 'db/migrations'), folder, { recursive: true })
    const before = await names(folder)
    const args = ['--dialect', 'postgresql', '--schema', './db/schema', '--casing', 'snake_case', '--name', 'forgotten']
    const bin = join(root, 'node_modules/drizzle-kit/bin.cjs')
    const made = spawnSync(process.execPath, [bin, 'generate', ...args, '--out', relative(root, folder)], {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
    })
    if (made.status !== 0) {
      console.error(`drizzle-kit could not compare db/schema with db/migrations:\n${made.stdout}${made.stderr}`)
      return false
    }
    const added = (await names(folder)).filter((name) => !before.includes(name))
    for (const name of added.filter((name) => name.endsWith('.sql')))
      console.error(
        `db/schema and db/migrations disagree; run npm run db:generate. Missing:\n${await readFile(join(folder, name), 'utf8')}`,
      )
    return added.length === 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function lockFile(): Promise<boolean> {
  const complaints = lockComplaints(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')))
  for (const complaint of complaints) console.error(complaint)
  return complaints.length === 0
}

async function sources(): Promise<Map<string, string>> {
  const entries = await readdir(root, { withFileTypes: true })
  const skipped = ['node_modules', 'test-results', 'playwright-report', 'docs', 'public']
  const files: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || skipped.includes(entry.name)) continue
    if (entry.isFile()) files.push(entry.name)
    else
      for (const name of await names(join(root, entry.name))) files.push(`${entry.name}/${name.split(sep).join('/')}`)
  }
  const code = files.filter((file) => /\.(tsx?|mjs)$/.test(file)).sort()
  return new Map(await Promise.all(code.map(async (file) => [file, await readFile(join(root, file), 'utf8')] as const)))
}

const names = (folder: string) => readdir(folder, { recursive: true })
