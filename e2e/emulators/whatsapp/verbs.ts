import { proto } from '@whiskeysockets/baileys'
import { z } from 'zod'
import { digitsOf } from './address'
import type { HistoryEvent } from '../history'
import { liveEnding } from './wire/endings'
import { FORGERIES, forge } from './wire/forge'
import { node, type Node } from './wire/node'
import { deliverWaiting } from './wire/queue'
import { describePhone, type PhoneView } from './view'
import type { World } from './world'

const number = z.string().min(1)
const settings = z
  .object({
    mode: z.enum(['strict', 'forgiving']),
    dedupes: z.boolean(),
    addressing: z.enum(['lid', 'pn']),
    hidesNumber: z.boolean(),
    autoRead: z.boolean(),
    autoReply: z.string().nullable(),
  })
  .partial()
const newPhone = z.object({
  name: z.string().optional(),
  number: z.string().optional(),
  platform: z.enum(['iphone', 'android', 'smba', 'smbi']).optional(),
  settings: settings.optional(),
})
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

interface Verb<Input extends z.ZodType, Output> {
  input: Input
  run(world: World, input: z.output<Input>): Output | Promise<Output>
}

function verb<Input extends z.ZodType, Output>(
  input: Input,
  run: (world: World, input: z.output<Input>) => Output | Promise<Output>,
): Verb<Input, Output> {
  return { input, run }
}

/** Everything the control API can do, each at `POST /control/<name>`. The client's types are made from this table. */
export const verbs = {
  create: verb(z.object({ phones: z.array(newPhone).max(10_000) }), (world, { phones }) =>
    phones.map((wanted) => describePhone(world, world.create(wanted))),
  ),
  list: verb(z.object({}), (world): PhoneView[] => world.list().map((phone) => describePhone(world, phone))),
  phone: verb(z.object({ number }), (world, input) => describePhone(world, world.phone(input.number))),
  chat: verb(z.object({ number, with: number }), (world, input) =>
    world.phone(input.number).chats.with(digitsOf(input.with)),
  ),

  scan: verb(z.object({ number, qrText: z.string() }), (world, input) => world.phone(input.number).scan(input.qrText)),
  enterCode: verb(z.object({ number, code: z.string() }), (world, input) =>
    world.phone(input.number).enterCode(input.code),
  ),
  unlink: verb(z.object({ number, device: z.number().int() }), (world, input) =>
    world.phone(input.number).unlink(input.device),
  ),
  sendText: verb(z.object({ number, to: number, text: z.string(), quote: z.string().optional() }), (world, input) =>
    world.phone(input.number).sendText(input.to, input.text, { quote: input.quote }),
  ),
  sendMany: verb(
    z.object({ messages: z.array(z.object({ from: number, to: number, text: z.string() })) }),
    (world, { messages }) => Promise.all(messages.map(({ from, to, text }) => world.phone(from).sendText(to, text))),
  ),
  sendLocation: verb(
    z.object({
      number,
      to: number,
      latitude: z.number(),
      longitude: z.number(),
      name: z.string().optional(),
      address: z.string().optional(),
    }),
    (world, { number: from, to, ...place }) => world.phone(from).sendLocation(to, place),
  ),
  sendContact: verb(z.object({ number, to: number, name: z.string(), numbers: z.array(z.string()) }), (world, input) =>
    world.phone(input.number).sendContact(input.to, input),
  ),
  sendImage: verb(z.object({ number, to: number, caption: z.string() }), (world, input) =>
    world.phone(input.number).sendImage(input.to, input.caption),
  ),
  sendUnknown: verb(z.object({ number, to: number }), (world, input) =>
    world.phone(input.number).sendUnknown(input.to),
  ),
  sendContent: verb(z.object({ number, to: number, message: z.record(z.string(), z.unknown()) }), (world, input) =>
    world.phone(input.number).sendContent(input.to, proto.Message.fromObject(input.message)),
  ),
  react: verb(z.object({ number, to: number, id: z.string(), emoji: z.string() }), (world, input) =>
    world.phone(input.number).react(input.to, input.id, input.emoji),
  ),
  edit: verb(z.object({ number, to: number, id: z.string(), text: z.string() }), (world, input) =>
    world.phone(input.number).edit(input.to, input.id, input.text),
  ),
  delete: verb(z.object({ number, to: number, id: z.string() }), (world, input) =>
    world.phone(input.number).delete(input.to, input.id),
  ),
  call: verb(z.object({ number, to: number }), (world, input) => world.phone(input.number).call(input.to)),
  read: verb(z.object({ number, chat: number }), (world, input) => world.phone(input.number).read(input.chat)),
  play: verb(z.object({ number, chat: number, id: z.string() }), (world, input) =>
    world.phone(input.number).play(input.chat, input.id),
  ),
  type: verb(z.object({ number, chat: number, isTyping: z.boolean() }), (world, input) =>
    world.phone(input.number).type(input.chat, input.isTyping),
  ),
  goOffline: verb(z.object({ number }), (world, input) => world.phone(input.number).goOffline()),
  goOnline: verb(z.object({ number }), (world, input) => world.phone(input.number).goOnline()),
  set: verb(z.object({ number, settings }), (world, input) => {
    const phones = input.number === 'all' ? world.list() : [world.phone(input.number)]
    const given = Object.fromEntries(Object.entries(input.settings).filter(([, value]) => value !== undefined))
    if (input.number === 'all') Object.assign(world.defaults, given)
    for (const phone of phones) {
      Object.assign(phone.settings, given)
      world.changed(phone)
    }
  }),
  setTimings: verb(
    z
      .object({
        handshakeGraceMs: z.number(),
        qrCount: z.number(),
        qrFirstMs: z.number(),
        qrNextMs: z.number(),
        qrGraceMs: z.number(),
        codeMs: z.number(),
        linkMs: z.number(),
      })
      .partial(),
    (world, timings) =>
      void Object.assign(
        world.timings,
        Object.fromEntries(Object.entries(timings).filter(([, value]) => value !== undefined)),
      ),
  ),
  setStrangers: verb(z.object({ exist: z.boolean() }), (world, input) => {
    world.hasStrangers = input.exist
  }),

  /** The version of a phone, once it is past the one given: the way to wait for anything a person sees. */
  changed: verb(z.object({ number, after: z.number().default(-1), waitMs: z.number().default(0) }), (world, input) => {
    const phone = world.phone(input.number)
    if (phone.version > input.after || input.waitMs <= 0) return phone.version
    return new Promise<number>((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        stop()
        resolve(phone.version)
      }
      const timer = setTimeout(finish, input.waitMs)
      const stop = world.watch((changed) => {
        if (changed === phone) finish()
      })
    })
  }),
  /** Events after `since` that have every field of `match`. With `waitMs` it answers as soon as there is one. */
  history: verb(
    z.object({
      since: z.number().default(0),
      waitMs: z.number().default(0),
      match: z.record(z.string(), z.unknown()).default({}),
    }),
    (world, { since, waitMs, match }) => {
      const fits = (event: HistoryEvent) => Object.entries(match).every(([field, value]) => event[field] === value)
      const events = world.history.since(since).filter(fits)
      return events.length > 0 || waitMs <= 0 ? events : nextEvents(world, fits, waitMs)
    },
  ),

  /** The number of the newest event, to begin waiting from. */
  position: verb(z.object({}), (world) => world.history.last()),

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
    for (const line of world.linesOf('all')) deliverWaiting(world, line)
  }),
  seedFaults: verb(z.object({ seed: z.number() }), (world, input) => world.faults.seed(input.seed)),
  loseSessions: verb(z.object({ number }), (world, input) => world.phone(input.number).loseSessions()),
  reinstall: verb(z.object({ number }), (world, input) => world.phone(input.number).reinstall()),
  forge: verb(
    z.object({ from: number, to: number, kind: z.enum(FORGERIES), text: z.string().default('forged') }),
    (world, input) => forge(world, world.phone(input.from), world.phone(input.to), input.kind, input.text),
  ),
  injectStanza: verb(z.object({ number, stanza: rawNode }), (world, input) => {
    const lines = world.linesOf(input.number)
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
  counters: verb(z.object({}), (world) => ({
    unknownQueries: Object.fromEntries(world.unknownQueries),
    violations: world.history.since(0).filter((event) => event.kind === 'violation').length,
    connections: world.lines.size,
  })),
}

export type Verbs = typeof verbs

const GATHER_MS = 5

/** The first event that fits and those right behind it, so that a busy listener is not answered one by one. */
function nextEvents(world: World, fits: (event: HistoryEvent) => boolean, waitMs: number): Promise<HistoryEvent[]> {
  return new Promise((resolve) => {
    const found: HistoryEvent[] = []
    const finish = () => {
      clearTimeout(timer)
      stop()
      resolve(found)
    }
    const timer = setTimeout(finish, waitMs)
    const stop = world.history.listen((event) => {
      if (!fits(event)) return
      if (found.length === 0) setTimeout(finish, GATHER_MS)
      found.push(event)
    })
  })
}
