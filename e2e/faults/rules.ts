// The rules a control run takes away, to see that their absence shows.
import type { Channel, Line } from '@/lib/channel/channel'

export const ruleNames = ['keysFirst', 'sameId', 'fence'] as const
/**
 * `keysFirst`: the keys a message uses are stored before it leaves. `sameId`: a second attempt carries the first one's id (R5). `fence`: a worker that could not renew its leases stops by itself (R19).
 */
export type Rule = (typeof ruleNames)[number]

export function readRules(without: string | undefined): Record<Rule, boolean> {
  const off = (without ?? '').split(',')
  return Object.fromEntries(ruleNames.map((name) => [name, !off.includes(name)])) as Record<Rule, boolean>
}

/** Every attempt leaves under an id of its own. */
export function mintsAnew(channel: Channel): Channel {
  const { mintId } = channel.kind
  if (!mintId) throw new Error('a network that chooses ids has no such rule')
  const wrap = (line: Line): Line => ({
    connect: () => line.connect(),
    pairWithCode: (phone) => line.pairWithCode(phone),
    close: () => line.close(),
    unlink: () => line.unlink(),
    lookUp: (phone) => line.lookUp(phone),
    prepare: (to, content) => line.prepare(to, content),
    showTyping: (to) => line.showTyping(to),
    readBook: (what) => line.readBook(what),
    changeLabel: (change) => line.changeLabel(change),
    send: (to, prepared) => line.send(to, prepared, mintId()),
  })
  return { ...channel, open: (session, ears) => wrap(channel.open(session, ears)) }
}
