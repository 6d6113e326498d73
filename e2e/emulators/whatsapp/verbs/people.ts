import { proto } from '@whiskeysockets/baileys'
import { z } from 'zod'
import { digitsOf } from '../address'
import { describePhone, type PhoneView } from '../view'
import { number, verb } from './verb'

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

/** What people do with their phones, and how phones behave by themselves. */
export const peopleVerbs = {
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
  loseSessions: verb(z.object({ number }), (world, input) => world.phone(input.number).loseSessions()),
  reinstall: verb(z.object({ number }), (world, input) => world.phone(input.number).reinstall()),
}
