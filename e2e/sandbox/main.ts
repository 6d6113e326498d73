// The whole app with both emulators on one machine. `--data <folder>` keeps everything elsewhere, so that several sandboxes
// can run side by side; `--dev` serves the web with hot reload; with `--movable-time` its clock can be moved (time.ts).
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runMigrations } from '@/db/migrate'
import { readEnv } from '@/lib/env'
import { answers, type Children } from '@/scripts/children'
import { ensureBuilt } from '@/scripts/ensure-built'
import { runMachine } from '@/scripts/machine'
import { isFree, mustBeFree, nextFree } from '@/scripts/ports'
import { webProcess } from '@/scripts/web-process'
import { startCrm, startMails, startPhones } from './emulators'
import { readSandboxEnv, withoutSandbox, type SandboxEnv } from './env'
import { addresses, builtInEnvironment, defaultFolder, forWeb, joinedEnvironment } from './environment'
import { seed } from './seed'
import { keepPorts, openKept } from './kept'
import { movableTime } from './time'

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: defaultFolder },
    dev: { type: 'boolean', default: false },
    'movable-time': { type: 'boolean', default: false },
  },
})
const folder = resolve(options.data)
if (options['movable-time']) Object.assign(process.env, movableTime(folder))

runMachine(async ({ children, database }) => {
  const sandbox = readSandboxEnv(process.env)
  const given = sandbox.highlevelUrl
    ? joinedEnvironment({ DATABASE_URL: 'postgres://to-be-started', ...process.env }, { whatsapp: false }, folder)
    : builtInEnvironment(process.env, folder)
  const checked = { ...withoutSandbox(given), DATABASE_URL: given.DATABASE_URL ?? 'postgres://to-be-started' }
  const { port, appUrl } = readEnv(checked, { isLenient: true })
  await mustBeFree(port)
  if (!options.dev) await ensureBuilt()

  const url = await database(process.env.DATABASE_URL, `${folder}/postgres`)
  await runMigrations(url)
  const outside = await startOutside(children, sandbox, { ...given, APP_URL: appUrl }, port)
  const environment: Record<string, string | undefined> = {
    ...{ ...given, ...outside.environment },
    ...{ DATABASE_URL: url, APP_URL: appUrl, PORT: String(port) },
  }
  await children.start(webProcess(forWeb(environment), port, options.dev ? 'dev' : 'start'))
  await children.start({
    name: 'worker',
    file: 'e2e/sandbox/worker.ts',
    nodeArgs: options.dev ? ['--watch-path=lib', '--watch-path=db', '--watch-path=e2e/sandbox'] : [],
    env: environment as NodeJS.ProcessEnv,
  })

  console.log(`CRM ${outside.crm}`)
  if (outside.phones) console.log(`Phones ${outside.phones}`)
  console.log(`App ${appUrl}`)
  if (outside.mails) console.log(`Mails ${outside.mails}`)
  await Promise.all([`http://127.0.0.1:${port}/api/ready`, ...outside.answering].map((page) => answers(page, 120_000)))
  console.log('ready')
})

interface Outside {
  crm: string
  phones: string | null
  mails: string | null
  /** Pages of emulators we started ourselves: only for these can we say that they answer. */
  answering: string[]
  environment: Record<string, string | undefined>
}

/** The two worlds outside: our emulators, or others where the environment names them. */
async function startOutside(
  children: Children,
  sandbox: SandboxEnv,
  environment: Record<string, string | undefined>,
  appPort: number,
): Promise<Outside> {
  const ports = await choosePorts(appPort)
  const answering: string[] = []
  const network = sandbox.whatsapp
  const phones = network ? null : await startPhones(children, { port: ports.phones!, folder: `${folder}/phones` })
  // Where mails are to go for real, they do.
  const mails = environment.SMTP_URL?.trim()
    ? null
    : await startMails(children, { port: ports.mails!, folder: `${folder}/mails` })
  const crm = sandbox.highlevelUrl
    ? null
    : await startCrm(children, {
        port: ports.crm!,
        folder: `${folder}/crm`,
        phonesUrl: phones?.url ?? null,
        mailsUrl: mails?.url ?? null,
        environment,
      })
  await seed({ phones: phones?.url ?? null, crm: crm?.url ?? null })
  if (phones) answering.push(phones.url)
  if (crm) answering.push(crm.url)
  if (mails) answering.push(mails.url)
  const phonesUrl =
    phones?.url ?? (network?.kind === 'emulated' ? new URL(network.url).origin.replace(/^ws/, 'http') : null)
  return {
    crm: crm?.url ?? sandbox.highlevelUrl!,
    phones: phonesUrl,
    mails: mails?.url ?? null,
    answering,
    environment: {
      ...(crm && { ...addresses(crm.url), HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: crm.webhookPublicKey }),
      ...(mails && { SMTP_URL: mails.smtpUrl, MAIL_FROM: 'Trunkline <app@sandbox.localhost>' }),
      ...(phones && { SANDBOX_WHATSAPP_URL: phones.webSocketUrl, SANDBOX_WHATSAPP_ROOT: phones.rootPublicKey }),
    },
  }
}

/** The same as last time, so that open pages and bookmarks keep working; others only where something else took them. */
async function choosePorts(appPort: number): Promise<Record<string, number>> {
  const { ports: last } = openKept(folder)
  const chosen: Record<string, number> = {}
  for (const name of ['crm', 'phones', 'mails']) {
    const taken = [appPort, ...Object.values(chosen)]
    const before = last[name]
    chosen[name] =
      before && !taken.includes(before) && (await isFree(before)) ? before : await nextFree(appPort + 1, taken)
  }
  keepPorts(folder, chosen)
  return chosen
}
