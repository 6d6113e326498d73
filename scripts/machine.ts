// One machine's processes and, where it runs its own, its database: ended in the right order, whatever ends them.
import { startPostgres, type Postgres } from './postgres'
import { Children, onStopRequest } from './children'
import { runCommand } from './command'

export interface Machine {
  children: Children
  /** The given address, or that of a server of our own with its data here. */
  database(given: string | undefined, dataDir: string): Promise<string>
}

export function runMachine(start: (machine: Machine) => Promise<void>): void {
  const children = new Children()
  let database: Promise<Postgres> | undefined
  let isStopping = false
  const stop = async () => {
    isStopping = true
    await children.stop()
    await (await database?.catch(() => undefined))?.stop()
  }
  onStopRequest(stop)
  runCommand(async () => {
    try {
      await start({
        children,
        database: async (given, dataDir) => given?.trim() || (await (database = startPostgres({ dataDir }))).url,
      })
    } catch (error) {
      // Asked to stop while starting: what fails because of that is not worth a word.
      if (isStopping) return
      await stop()
      throw error
    }
  })
}
