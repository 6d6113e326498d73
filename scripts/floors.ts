// The floors of the house: imports point down, or sideways inside one folder. Works on file texts, so that it can be tried on
// planted ones.
import { posix } from 'node:path'

export interface Breach {
  file: string
  imports: string
  rule: string
}

interface Import {
  /** A path below the root without extension, or a package's name. */
  target: string
  isOurs: boolean
  isTypeOnly: boolean
}

const GROUND = /^lib\/[\w-]+$/
const TEST = /\.(test|contract)\.tsx?$|^lib\/.*\/fixtures\/|(^|\/)test-[\w-]+\.tsx?$/
const under =
  (...folders: string[]) =>
  (path: string) =>
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`))

/** What each folder may import of ours, besides itself and the ground floor. The first that fits a file decides. */
const FLOORS: { of: (file: string) => boolean; name: string; may: (target: string) => boolean }[] = [
  { of: (file) => GROUND.test(file), name: 'the ground floor imports nothing of ours', may: () => false },
  { of: under('lib/worker/main'), name: 'lib/worker/main imports the floors below', may: under('lib', 'db') },
  {
    of: under('lib/http'),
    name: 'lib/http imports bridge, the banks and below, and never what holds connections',
    may: (target) => under('lib', 'db')(target) && !under('lib/worker', 'lib/channel/whatsapp')(target),
  },
  { of: under('lib/worker'), name: 'lib/worker imports bridge, the banks and below', may: under('lib', 'db') },
  {
    of: under('lib/bridge'),
    name: 'lib/bridge imports only the seams below it',
    may: under('lib/channel/kinds', 'lib/channel/channel', 'lib/highlevel', 'lib/outbox', 'lib/jobs', 'db'),
  },
  { of: under('lib/outbox', 'lib/jobs'), name: 'only the database is below lib/outbox and lib/jobs', may: under('db') },
  { of: under('lib/mail'), name: 'only the ground floor is below lib/mail', may: () => false },
  { of: under('lib/highlevel'), name: 'only the ground floor is below lib/highlevel', may: () => false },
  { of: under('lib/channel'), name: "only the database is below a channel's own stores", may: under('db') },
  { of: under('db'), name: 'only the ground floor is below db', may: () => false },
  {
    of: under('app'),
    name: 'app never imports the worker or a channel',
    may: (target) => under('lib', 'db', 'components')(target) && !under('lib/worker', 'lib/channel/whatsapp')(target),
  },
  { of: under('components'), name: 'components import no lib code, only types of views', may: under('messages') },
]

/** Folders that are one home inside: sideways is allowed below the same one. */
const HOMES = [
  'lib/highlevel',
  'lib/outbox',
  'lib/jobs',
  'lib/mail',
  'lib/bridge',
  'lib/http',
  'lib/worker',
  'db',
  'app',
  'components',
]
const COMPOSERS = under(
  'lib/http/context',
  'lib/worker/main',
  'e2e/sandbox',
  'e2e/faults',
  'bench',
  'drizzle.config',
  'scripts',
  'lib/env',
)
const REHEARSAL = under('e2e', 'bench', 'scripts', 'playwright.config', 'vitest.config')

/** Throws when it is given nothing to read: a check of no files would always pass. */
export function findBreaches(files: ReadonlyMap<string, string>): Breach[] {
  if (files.size === 0) throw new Error('the floors were checked on no file at all')
  const imports = new Map([...files].map(([file, text]) => [file, readImports(file, text)]))
  const direct = [...imports].flatMap(([file, targets]) => targets.flatMap((one) => judge(file, one)))
  return [...direct, ...reachesBaileys(imports)]
}

function judge(path: string, { target, isOurs, isTypeOnly }: Import): Breach[] {
  const file = withoutExtension(path)
  const breach = (rule: string): Breach[] => [{ file: path, imports: target, rule }]
  if (TEST.test(path)) return []
  if (!isOurs) {
    if (target === '@whiskeysockets/baileys' && !under('lib/channel/whatsapp', 'e2e', 'bench')(file))
      return breach('only lib/channel/whatsapp imports Baileys')
    if (target === 'server-only' && !under('lib/http')(file)) return breach('server-only belongs in lib/http')
    return []
  }
  if (REHEARSAL(file)) return target === 'lib/env' && !COMPOSERS(file) ? breach('only composing files read env') : []
  if (under('e2e')(target)) return breach('only tests import e2e')
  if (under('scripts', 'bench')(target)) return breach('the product does not import scripts or bench')
  if (target === 'lib/env' && !isTypeOnly && !COMPOSERS(file)) return breach('only composing files read env')
  // Made to be imported anywhere; only components and the ground floor stay without.
  if (target === 'lib/channel/kinds' && !under('components')(file) && !GROUND.test(file)) return []
  const floor = FLOORS.find(({ of }) => of(file))
  if (!floor || isSideways(file, target) || GROUND.test(target)) {
    const isPicky = floor && under('components')(file) && GROUND.test(target) && !isTypeOnly
    return isPicky ? breach(floor.name) : []
  }
  if (under('components')(file) && isTypeOnly && under('lib', 'app')(target)) return []
  return floor.may(target) ? [] : breach(floor.name)
}

function isSideways(file: string, target: string): boolean {
  if (under('lib/channel')(file) && under('lib/channel')(target)) {
    const network = (path: string) => path.split('/').slice(2, -1)[0]
    return !network(target) || network(file) === network(target)
  }
  return HOMES.some((home) => under(home)(file) && under(home)(target))
}

/** Nothing the web bundles may lead to Baileys, by however many steps. */
function reachesBaileys(imports: ReadonlyMap<string, Import[]>): Breach[] {
  const known = new Map([...imports.keys()].map((path) => [withoutExtension(path), path]))
  const breaches: Breach[] = []
  for (const door of [...imports.keys()].filter((path) => under('app', 'components')(path) && !TEST.test(path))) {
    const seen = new Set<string>([door])
    const queue = [door]
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      for (const one of imports.get(file) ?? []) {
        if (one.isTypeOnly) continue
        if (one.target === '@whiskeysockets/baileys' && file !== door)
          breaches.push({ file: door, imports: `${one.target} (by ${file})`, rule: 'Baileys never enters the web' })
        const next = known.get(one.target) ?? known.get(`${one.target}/index`)
        if (one.isOurs && next && !seen.has(next)) {
          seen.add(next)
          queue.push(next)
        }
      }
    }
  }
  return breaches
}

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[\w*${][^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/gm

function readImports(file: string, text: string): Import[] {
  // Comments may show imports; a line is dropped only where it can hold nothing else.
  const code = text.replace(/^\s*(?:\/\/.*|\/\*\*?.*|\*.*)$/gm, '')
  return [...code.matchAll(STATEMENT)].map(([, type, from, dynamic]) => {
    const specifier = (from ?? dynamic)!
    const isOurs = specifier.startsWith('@/') || specifier.startsWith('.')
    const path = specifier.startsWith('@/') ? specifier.slice(2) : posix.join(posix.dirname(file), specifier)
    return { target: isOurs ? withoutExtension(path) : specifier, isOurs, isTypeOnly: Boolean(type) }
  })
}

function withoutExtension(path: string): string {
  return path.replace(/\.(tsx?|mjs|js)$/, '')
}
