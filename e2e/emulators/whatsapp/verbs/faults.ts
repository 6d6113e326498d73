import { z } from 'zod'
import { liveEnding } from '../wire/endings'
import { FORGERIES, forge } from '../wire/forge'
import { node, type Node } from '../wire/node'
import { deliverWaiting } from '../wire/queue'
import { bringUpToDate } from '../wire/sync-keys'
import { number, verb } from './verb'

const ackMatch = { number: z.string().optional(), to: z.string().optional(), count: z.number().int().optional() }

interface RawNode {
  tag: string
  attrs: Record<string, string>
  /** A string is text, `{ base64 }` is bytes. */
  content?: string | { base64: string } | RawNode[] | undefined
}
const rawNode: z.ZodType<RawNode> = z.lazy(() =>
  z.object({
    tag: z.string(),
    attrs: z.record(z.string(), z.string()).default({}),
    content: z.union([z.string(), z.object({ base64: z.string() }), z.array(rawNode)]).optional(),
  }),
)

function toNode({ tag, attrs, content }: RawNode): Node {
  if (content === undefined || typeof content === 'string') return node(tag, attrs, content)
  return node(tag, attrs, Array.isArray(content) ? content.map(toNode) : Buffer.from(content.base64, 'base64'))
}

/** What can be made to go wrong. */
export const faultVerbs = {
  dropAcks: verb(z.object({ rate: z.number().optional(), ...ackMatch }), (world, { count, ...match }) =>
    world.faults.addAckFault({ kind: 'drop', ...match, left: count }),
  ),
  delayAcks: verb(z.object({ ms: z.number(), ...ackMatch }), (world, { ms, count, ...match }) =>
    world.faults.addAckFault({ kind: 'delay', delayMs: ms, ...match, left: count }),
  ),
  nack: verb(z.object({ code: z.number(), ...ackMatch }), (world, { count, ...match }) =>
    world.faults.addAckFault({ kind: 'nack', ...match, left: count }),
  ),
  closeConnections: verb(z.object({ number, code: z.number() }), (world, input) => {
    const lines = world.linesOf(input.number)
    for (const line of lines) line.end(liveEnding(input.code), input.code)
    return lines.length
  }),
  closePairing: verb(z.object({ code: z.number() }), (world, input) => world.pairing.endAll(input.code)),
  cutAfter: verb(z.object({ number, count: z.number().int().positive() }), (world, input) =>
    world.faults.cutAfter(input.number, input.count),
  ),
  loginAnswer: verb(z.object({ number, code: z.number(), count: z.number().default(1) }), (world, input) =>
    world.faults.answerLogin(input.number, input.code, input.count),
  ),
  pauseDelivery: verb(z.object({ number }), (world, input) => world.faults.pause(input.number)),
  resumeDelivery: verb(z.object({ number }), (world, input) => {
    world.faults.resume(input.number)
    for (const line of world.linesOf(input.number)) deliverWaiting(world, line)
  }),
  mute: verb(z.object({ number }), (world, input) => world.faults.mute(input.number)),
  refuseConnections: verb(z.object({ refuse: z.boolean() }), (world, input) => {
    world.faults.isRefusingConnections = input.refuse
  }),
  clearFaults: verb(z.object({}), (world) => {
    world.faults.clear()
    for (const line of world.linesOf('all')) {
      bringUpToDate(world, line.phone, line.companion)
      deliverWaiting(world, line)
    }
  }),
  seedFaults: verb(z.object({ seed: z.number() }), (world, input) => world.faults.seed(input.seed)),
  forge: verb(
    z.object({ from: number, to: number, kind: z.enum(FORGERIES), text: z.string().default('forged') }),
    (world, input) => forge(world, world.phone(input.from), world.phone(input.to), input.kind, input.text),
  ),
  injectStanza: verb(z.object({ number, stanza: rawNode }), (world, input) => {
    const lines = world.linesOf(input.number)
    if (input.stanza.tag === 'notification') world.phone(input.number).isToldNonsense = true
    for (const line of lines) line.send(toNode(input.stanza))
    return lines.length
  }),
  injectBytes: verb(z.object({ number, base64: z.string(), isSealed: z.boolean().default(true) }), (world, input) => {
    const bytes = Buffer.from(input.base64, 'base64')
    const lines = world.linesOf(input.number)
    for (const { connection } of lines) {
      if (input.isSealed) connection.sendGarbage(bytes)
      else connection.sendUnsealed(bytes)
    }
    return lines.length
  }),
}
