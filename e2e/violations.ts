// What an emulator was told, or found itself saying, that the real thing would not have it be told.
import type { History, HistoryEvent } from './emulators/history'

/** A sentence for a breach of a protocol, or null. */
export function violationIn(event: HistoryEvent): string | null {
  if (event.kind === 'unknown-query') return `WhatsApp: a query nobody knows, ${JSON.stringify(event.query)}`
  if (event.kind !== 'violation') return null
  const { n: _, stamp: __, world, kind: ___, ...said } = event
  return `${world === 'whatsapp' ? 'WhatsApp' : 'CRM'}: ${JSON.stringify(said)}`
}

/** For the end of a test's world. `provoked`: words of those it brought about on purpose, each of which must have come. */
export function refuseViolations(seenBy: readonly { history: History }[], provoked: readonly string[] = []): void {
  const found = seenBy.flatMap(({ history }) => history.since(0).flatMap((event) => violationIn(event) ?? []))
  const unasked = found.filter((text) => !provoked.some((words) => text.includes(words)))
  if (unasked.length > 0) throw new Error(`${unasked.length} against the protocols: ${unasked.slice(0, 3).join('; ')}`)
  const missing = provoked.filter((words) => !found.some((text) => text.includes(words)))
  if (missing.length > 0) throw new Error(`nobody broke a protocol by: ${missing.join('; ')}`)
}
