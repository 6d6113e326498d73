// The one entry of every npm script. Plain JavaScript for the oldest supported Node: it finds a Node of at least 24
// (its own, or the one the lock file carries) and starts the real command, and everything after it, with that one.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeToUse } from './node-to-use.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)

const script = (file, options = {}) => ({ file, ...options })
/** The file of a package's own command, started without npx or node_modules/.bin (npm versions link those differently). */
const tool = (name, bin, ...first) => ({ tool: name, bin, first })

/** `tied`: a long-running command that must end when its launcher does. */
const COMMANDS = {
  start: script(hasCredentials() ? 'scripts/start.ts' : 'e2e/sandbox/main.ts', { tied: true }),
  sandbox: script('e2e/sandbox/main.ts', { tied: true }),
  web: script('scripts/web.ts', { tied: true }),
  worker: script('lib/worker/main.ts', { tied: true, composes: true }),
  'sandbox:web': script('e2e/sandbox/web.ts', { tied: true }),
  'sandbox:worker': script('e2e/sandbox/worker.ts', { tied: true, composes: true }),
  dev: script('e2e/sandbox/main.ts', { tied: true, first: ['--dev'] }),
  build: script('scripts/build.ts'),
  test: script('scripts/test.ts'),
  vitest: tool('vitest', 'vitest', 'run'),
  e2e: script('scripts/e2e.ts'),
  faults: tool('vitest', 'vitest', 'run', '--mode', 'faults'),
  bench: script('bench/main.ts'),
  operator: script('scripts/operator.ts'),
  check: script('scripts/check.ts'),
  lint: tool('oxlint', 'oxlint', '--deny-warnings'),
  typecheck: script('scripts/typecheck.ts'),
  format: tool('prettier', 'prettier', '--write', '.'),
  'db:generate': tool('drizzle-kit', 'drizzle-kit', 'generate'),
  'db:migrate': script('scripts/migrate.ts'),
}

const [name, ...args] = process.argv.slice(2)
const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined
if (!command) {
  console.error(`Unknown command ${name ? `"${name}"` : '(none)'}. Known: ${Object.keys(COMMANDS).join(', ')}.`)
  process.exit(2)
}

const node = findNode()
const child = spawn(node, argumentsFor(command), {
  cwd: root,
  stdio: command.tied ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
  env: {
    ...process.env,
    [pathName()]: `${dirname(node)}${delimiter}${process.env[pathName()] ?? ''}`,
    NEXT_TELEMETRY_DISABLED: '1',
    ...(command.tied && { TIED_TO: String(process.pid) }),
  },
})
// The child decides when to end. A terminal's Ctrl-C reaches it by itself too: our scripts take both for one, a tool would
// take the second for impatience and leave its work lying around.
process.on('SIGINT', () => command.file && child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`Could not start ${node}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (code === 127) explainMissingLibrary()
  if (!signal) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})

function argumentsFor({ file, tied, composes, tool: packageName, bin, first = [] }) {
  if (packageName) return [binOf(packageName, bin), ...first, ...args]
  const path = join(root, file)
  if (!existsSync(path)) stop(`"${name}" is not part of this copy: ${file} is missing.`)
  const tie = tied ? ['--import', new URL('./end-with-parent.mjs', import.meta.url).href] : []
  const runner = composes ? [join(root, 'scripts', 'run-file.ts')] : []
  return [...tie, '--import', 'tsx', ...runner, path, ...first, ...args]
}

/** Without the credentials of a marketplace app there is no real CRM to talk to. */
function hasCredentials() {
  return Boolean(process.env.HIGHLEVEL_CLIENT_ID?.trim())
}

function binOf(packageName, bin) {
  const folder = join(root, 'node_modules', packageName)
  if (!existsSync(folder)) stop(`${packageName} is not installed. Run npm ci (without --omit=dev) first.`)
  const { bin: bins } = require(join(folder, 'package.json'))
  return join(folder, typeof bins === 'string' ? bins : bins[bin])
}

function findNode() {
  const found = nodeToUse(process, (path) => {
    const file = join(root, 'node_modules', path)
    return existsSync(file) ? file : null
  })
  if ('problem' in found) stop(found.problem)
  return found.node
}

function explainMissingLibrary() {
  if (process.platform === 'linux' && node !== process.execPath)
    console.error('If libatomic.so.1 is missing above, install it (Debian and Ubuntu: apt-get install libatomic1).')
}

/** Windows spells it Path, and a copied environment is case-sensitive. */
function pathName() {
  return Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
}

function stop(message) {
  console.error(message)
  process.exit(1)
}
