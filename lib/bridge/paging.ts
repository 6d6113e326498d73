import { BridgeError } from '@/lib/errors'

export interface Page<T> {
  items: T[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export interface PageRequest {
  limit: number
  cursor?: string | undefined
}

export function formatCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** The key a cursor stands for; `kinds` says what it must consist of. */
export function parseCursor(cursor: string, kinds: readonly ('string' | 'number')[]): (string | number)[] {
  let key: unknown
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    key = null
  }
  if (!Array.isArray(key) || key.length !== kinds.length || !kinds.every((kind, at) => typeof key[at] === kind))
    throw new BridgeError('bad_request', 'The cursor is not one this list gave.', { fields: { cursor: 'unknown' } })
  return key
}

/** Cuts rows fetched with one more than the limit into a page. */
export function pageOf<Row, View>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View,
  keyOf: (row: Row) => readonly (string | number)[],
): Page<View> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(view),
    nextCursor: rows.length > limit && last !== undefined ? formatCursor(keyOf(last)) : null,
  }
}
