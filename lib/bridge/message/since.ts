import type { MessageId } from '@/lib/ids'

/** The lowest id a message stored at this time can have: ids begin with their time, so a span is a range of an index. */
export function firstIdAt(at: Date): MessageId {
  const time = Math.max(0, at.getTime()).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000` as MessageId
}
