// npm test: rules, verbs and channels, then the browser specs, then the short fault spec, then a search of all output.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, dropTestDatabases } from '@/db/test-database'
import { onStopRequest, root, stopChild } from './children'
import { findOrInstallChromium } from './chromium'
import { runCommand } from './command'
import { countPlaywright, countVitest, type Counted } from './count-tests'
import { openKept } from '@/e2e/sandbox/kept'
import { startPostgres, type Postgres } from './postgres'
import { searchOutput } from './search-output'

let running: ChildProcess | undefined
const results = join(root, 'test-results')

runCommand(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-run-'))
  // Databases in it may run as another user, who must be able to enter.
  await chmod(folder, 0o711)
  await rm(results, { recursive: true, force: true })
  let server: Postgres | undefined
  const clean = async () => {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  }
  onStopRequest(async () => {
    if (running) await stopChild(running)
    await clean()
    process.exit(1)
  })
  let sum: Counted
  try {
    const chromium = findOrInstallChromium()
    const given = process.env.DATABASE_URL?.trim()
    if (!given) server = await startPostgres({ dataDir: join(folder, 'postgres'), fsync: false })
    sum = await runAll(folder, server?.url ?? given!, chromium)
  } catch (error) {
    // Without a browser or a database nothing was tested: that too ends in the line everybody reads.
    sum = { passed: 0, failed: 1, notes: [] }
    console.error(error instanceof Error && error.name === 'Error' ? error.message : error)
  } finally {
    await clean()
  }
  if (sum.failed === 0) await rm(results, { recursive: true, force: true })
  else {
    printWhatWasSeen()
    console.log(`\nWhat every process wrote is in ${results}`)
  }
  process.exitCode = sum.failed === 0 ? 0 : 1
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`)
})

async function runAll(folder: string, server: string, chromium: string): Promise<Counted> {
  const run = randomBytes(4).toString('hex')
  const output = join(results, 'output')
  const planted = join(folder, 'planted')
  await mkdir(output, { recursive: true })
  Object.assign(process.env, { TEST_RUN: run, TEST_DATABASE_URL: server })
  const { DATABASE_URL: _, PORT: __, ...inherited } = process.env
  const env = { ...inherited, TEST_OUTPUT_DIR: output, TEST_PLANTED_DIR: planted, E2E_CHROMIUM: chromium }

  const counts: Counted[] = []
  const vitest = async (name: string, ...args: string[]) => {
    const report = join(folder, `${name}.json`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const code = await runTool(name, 'vitest/vitest.mjs', ['run', ...args, ...reporters], env, output)
    counts.push(countVitest(name, report, code))
  }
  await vitest('unit')
  counts.push(await runSpecs(folder, env, output))
  await vitest('faults', '--mode', 'faults')
  await dropTestDatabases(server)

  const complaints = await searchOutput({
    outputDir: output,
    planted: listFolder(planted),
    secrets: secretsOf(join(folder, 'sandbox')),
    files: listFolder(folder).flatMap((name) => (name.endsWith('.log') ? [join(folder, name)] : [])),
  })
  counts.push({ passed: complaints.length === 0 ? 1 : 0, failed: complaints.length === 0 ? 0 : 1, notes: complaints })
  for (const note of counts.flatMap((count) => count.notes)) console.log(`✗ ${note}`)
  return {
    passed: counts.reduce((sum, count) => sum + count.passed, 0),
    failed: counts.reduce((sum, count) => sum + count.failed, 0),
    notes: [],
  }
}

async function runSpecs(folder: string, env: NodeJS.ProcessEnv, output: string): Promise<Counted> {
  const report = join(folder, 'specs.json')
  const data = join(folder, 'sandbox')
  await mkdir(data, { mode: 0o755 })
  await using database = await createTestDatabase()
  const code = await runTool(
    'specs',
    '@playwright/test/cli.js',
    ['test', '--reporter=list,json'],
    { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: report, E2E_DATA: data, E2E_DATABASE_URL: database.url },
    output,
  )
  return countPlaywright('specs', report, code)
}

/** Shown as it comes, and kept for the search. */
async function runTool(
  name: string,
  bin: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  output: string,
): Promise<number> {
  const file = createWriteStream(join(output, `${name}.log`))
  const tool = spawn(process.execPath, [join(root, 'node_modules', bin), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running = tool
  tool.stdout.on('data', (chunk: Buffer) => (process.stdout.write(chunk), file.write(chunk)))
  tool.stderr.on('data', (chunk: Buffer) => (process.stderr.write(chunk), file.write(chunk)))
  const [code] = (await once(tool, 'close')) as [number | null]
  file.end()
  await once(file, 'close')
  return code ?? 1
}

/** The pages of failed specs, for whoever has this output and not the machine; after the search, as they may show what is planted. */
function printWhatWasSeen(): void {
  const specs = join(results, 'playwright')
  for (const name of listFolder(specs)) {
    const file = join(specs, name, 'seen.txt')
    if (existsSync(file)) console.log(`\n${name}\n${readFileSync(file, 'utf8').slice(0, 8_000)}`)
  }
}

/** What the sandbox of the specs made for itself. */
function secretsOf(sandbox: string): Record<string, string> {
  const { HIGHLEVEL_CLIENT_ID: _, HIGHLEVEL_PROVIDER_ID: __, ...secrets } = openKept(sandbox).values
  return secrets
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
