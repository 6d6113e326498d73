import type { Database, Transaction } from './client'

/**
 * Runs `work` in a transaction, again when PostgreSQL ended it to resolve a deadlock or a serialisation conflict. `work` may
 * therefore run more than once: it changes nothing but the database.
 */
export async function inTransaction<Result>(db: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(work)
    } catch (error) {
      if (attempt === 5 || !isConflict(error)) throw error
    }
  }
}

const isConflict = (error: unknown) => ['40P01', '40001'].includes(sqlState(error) ?? '')

/** PostgreSQL's five-character code, wherever in the chain of causes it stands. */
function sqlState(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^[0-9A-Z]{5}$/.test(at.code)) return at.code
  }
  return undefined
}

/** The statement failed because the database was not there, went away or ran out of patience, not because of what it said. */
export function isOutage(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!('code' in at) || typeof at.code !== 'string') continue
    if (/^(08|57P0|53|25P0[34])/.test(at.code)) return true
    if (/^(CONNECTION_|CONNECT_TIMEOUT|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND)/.test(at.code)) return true
  }
  return false
}
