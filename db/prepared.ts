import type { Sql, TransactionSql } from 'postgres'

/**
 * Drizzle hands its statements to postgres.js as unprepared ones. Each of those is parsed anew, and in two steps: the server is
 * told the text, and waits for the client to come back with the values. A process that stands still between the two holds its
 * transaction's locks for as long as it stands, because the server counts that as working. Prepared, a statement is one step
 * from its second use on, and costs both sides less.
 */
export function preparing<Client extends Sql | TransactionSql>(client: Client): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'unsafe')
        return (text: string, values?: never[], options?: object) =>
          target.unsafe(text, values, { ...options, prepare: true })
      if (name === 'begin' || name === 'savepoint')
        return (...given: unknown[]) =>
          (value as (...given: unknown[]) => unknown).call(
            target,
            ...given.map((each) =>
              typeof each === 'function'
                ? (inner: TransactionSql) => (each as (sql: TransactionSql) => unknown)(preparing(inner))
                : each,
            ),
          )
      return value
    },
  })
}
