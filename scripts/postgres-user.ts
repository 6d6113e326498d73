// PostgreSQL refuses to run as root. Who runs it instead, and how that user comes to own its files.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chown, lstat, mkdtemp, readdir, rmdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'

export interface ServerUser {
  /** Makes everything under this path the server's own. */
  own(path: string): Promise<void>
  /** With `log`, a server that outlives us and writes there; without, a command whose output is read. */
  run(command: string, args: string[], log?: number): ChildProcess
}

interface Identity {
  uid: number
  gid: number
}

export async function chooseUser(binary: string, dataDir: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return { own: async () => undefined, run: runner([], undefined) }
  const existing = existsSync(dataDir) ? await lstat(dataDir) : undefined
  const known = existing && existing.uid !== 0 ? [{ uid: existing.uid, gid: existing.gid }] : []
  for (const identity of [...known, ...lookUp('postgres'), ...lookUp('nobody')]) {
    if (await canWork(identity, binary, dirname(dataDir)))
      return { own: (path) => own(path, identity), run: runner([], identity) }
  }
  const unshare = ['unshare', '-U', '--map-user=1000', '--map-group=1000']
  if (spawnSync(unshare[0]!, [...unshare.slice(1), binary, '--version']).status === 0)
    return { own: (path) => own(path, { uid: 0, gid: 0 }), run: runner(unshare, undefined) }
  throw new Error(
    `PostgreSQL does not run as root, and no other user of this machine can enter ${dirname(dataDir)}. ` +
      'Start Trunkline as a normal user, or set DATABASE_URL to a server of your own.',
  )
}

function runner(prefix: string[], identity: Identity | undefined): ServerUser['run'] {
  return (command, args, log) => {
    const [first, ...rest] = [...prefix, command, ...args]
    return spawn(first!, rest, {
      ...identity,
      // The folder we stand in may be closed to the server's user.
      cwd: parse(command).root,
      env: { ...process.env, LC_ALL: 'C', PGOPTIONS: '' },
      detached: log !== undefined,
      stdio: log === undefined ? 'pipe' : ['ignore', log, log],
      windowsHide: true,
    })
  }
}

function lookUp(name: string): Identity[] {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }))
  if (ids.some((result) => result.status !== 0)) return []
  const [uid, gid] = ids.map((result) => Number(result.stdout))
  return uid && gid ? [{ uid, gid }] : []
}

/** Asked by trying: the user must be able to start the binary and to work in a folder of its own beside the data. */
async function canWork(identity: Identity, binary: string, parent: string): Promise<boolean> {
  if (spawnSync(binary, ['--version'], { ...identity, cwd: '/' }).status !== 0) return false
  const probe = await mkdtemp(join(parent, '.probe-'))
  try {
    await chown(probe, identity.uid, identity.gid)
    return spawnSync('sh', ['-c', 'cd "$1"', 'sh', probe], { ...identity, cwd: '/' }).status === 0
  } finally {
    await rmdir(probe)
  }
}

async function own(path: string, { uid, gid }: Identity): Promise<void> {
  const stat = await lstat(path)
  if (stat.uid === uid) return
  await chown(path, uid, gid)
  if (stat.isDirectory()) for (const name of await readdir(path)) await own(join(path, name), { uid, gid })
}
