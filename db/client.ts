import './driver-writes'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { preparing } from './prepared'

export type Database = PostgresJsDatabase
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
/** What a query can be asked of: the pool or an open transaction. */
export type Queryable = Database | Transaction

export interface DatabaseClient {
  db: Database
  close(): Promise<void>
}

const idleInTransactionMs = 10_000

/** A pool. `name` shows in pg_stat_activity. Connections are made on first use and again after an outage. */
export function openDatabase(url: string, options: { max?: number; name?: string } = {}): DatabaseClient {
  const client = postgres(url, {
    max: options.max ?? 10,
    onnotice: () => {},
    connect_timeout: 5,
    connection: {
      application_name: options.name ?? 'trunkline',
      // A process that stands still inside a transaction, or was cut off there, would keep its locks, and with them its
      // leases from being taken over.
      idle_in_transaction_session_timeout: idleInTransactionMs,
    },
  })
  return { db: drizzle(preparing(client)), close: () => client.end({ timeout: 5 }) }
}

export interface Listener {
  /** `heard` also runs with null after a lost connection is back: something may have been missed, look again. */
  listen(channel: string, heard: (payload: string | null) => void): Promise<void>
  close(): Promise<void>
}

/** The one listening connection of a process; NOTIFY is a hint, never the only way to learn something. */
export function openListener(url: string): Listener {
  const client = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 5 })
  return {
    async listen(channel, heard) {
      await client.listen(
        channel,
        (payload) => heard(payload),
        () => heard(null),
      )
    },
    close: () => client.end({ timeout: 5 }),
  }
}
