import type { CrmMessageId } from '@/lib/ids'
import type { ListedMessage } from './schemas'

/** The CRM keeps whole seconds of the time we gave, or stamps its own. */
const toleranceMs = 2_000

/**
 * Which listed message is the one we tried to add. Our outside id decides; only where the CRM shows no outside id at all
 * do direction, text and time, because two equal messages in one second are common and must stay two.
 */
export function matchMessage(
  messages: readonly ListedMessage[],
  wanted: { outsideId: string; direction: 'inbound' | 'outbound'; text: string; at: Date; providerId: string },
): CrmMessageId | null {
  const byId = messages.find((message) => message.outsideId === wanted.outsideId)
  if (byId) return byId.id
  const ours = messages.filter((message) => message.providerId === null || message.providerId === wanted.providerId)
  if (ours.some((message) => message.outsideId !== null)) return null
  const alike = ours.find(
    (message) =>
      message.direction === wanted.direction &&
      message.text === wanted.text &&
      message.at !== null &&
      Math.abs(message.at.getTime() - wanted.at.getTime()) <= toleranceMs,
  )
  return alike?.id ?? null
}
