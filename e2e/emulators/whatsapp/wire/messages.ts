import { ownCopyAttrs, senderAttrs } from '../send'
import { hear } from '../receivers'
import type { World } from '../world'
import type { Line } from './line'
import { bytesOf, child, children, node, type Node } from './node'
import { enqueue } from './queue'

/** A companion sends a message: acknowledge it as the faults allow, and hand each device its own ciphertext. */
export function hearMessage(world: World, line: Line, stanza: Node): void {
  const { phone, companion } = line
  const { id = '', to = '', type, edit } = stanza.attrs
  const chat = world.locate(stanza.attrs.recipient ?? to)?.phone
  const parts = partsOf(stanza)
  world.history.add('message-from-companion', {
    number: phone.number,
    device: companion.device,
    id,
    to: chat?.number ?? to,
    type,
    edit,
    retry: child(stanza, 'enc')?.attrs.count,
    devices: parts.length,
  })
  if (id === '') world.violation('A message without an id', { number: phone.number })
  const plan = world.faults.planAck({ number: phone.number, to: chat?.number ?? to })
  if (!chat) {
    world.history.add('unsupported', { number: phone.number, id, to })
    world.say('WhatsApp emulator: a message to a group or list was refused: only people can be written to so far.')
    plan.error = 479
  }
  if (plan.error === undefined) for (const part of parts) handOver(world, line, stanza, part)
  const ack = node('ack', {
    class: 'message',
    id,
    from: to,
    t: String(Math.floor(Date.now() / 1000)),
    type,
    error: plan.error === undefined ? undefined : String(plan.error),
  })
  const sendAck = () => {
    if (line.isOpen) line.send(ack)
    world.history.add('ack', {
      number: phone.number,
      device: companion.device,
      id,
      isDropped: plan.isDropped || !line.isOpen,
      ...(plan.error === undefined ? {} : { error: plan.error }),
    })
  }
  if (plan.isDropped) {
    world.history.add('ack', { number: phone.number, device: companion.device, id, isDropped: true })
  } else if (plan.delayMs > 0) setTimeout(sendAck, plan.delayMs).unref()
  else sendAck()
}

interface Part {
  jid: string
  enc: Node
}

function partsOf(stanza: Node): Part[] {
  const listed = children(child(stanza, 'participants'), 'to').flatMap((to) => {
    const enc = child(to, 'enc')
    return enc && to.attrs.jid ? [{ jid: to.attrs.jid, enc }] : []
  })
  const direct = child(stanza, 'enc')
  return direct && stanza.attrs.to ? [...listed, { jid: stanza.attrs.to, enc: direct }] : listed
}

function handOver(world: World, line: Line, stanza: Node, part: Part): void {
  const { phone, companion } = line
  const target = world.locate(part.jid)
  const id = stanza.attrs.id ?? ''
  const body = bytesOf(part.enc)
  const type = part.enc.attrs.type ?? ''
  if (!target || !body) {
    world.violation('A message for nobody', { number: phone.number, id, jid: part.jid })
    return
  }
  const chat = world.locate(stanza.attrs.recipient ?? stanza.attrs.to)?.phone
  if (target.device === 0) {
    hear(world, target.phone, {
      id,
      from: { number: phone.number, device: companion.device },
      enc: { type, body },
      sentAt: Date.now(),
      ...(chat ? { chat: chat.number } : {}),
      ...(stanza.attrs.category === 'peer' ? { isPeer: true } : {}),
    })
    return
  }
  const receiver = target.phone.companion(target.device)
  if (!receiver) {
    world.violation('A message for a device that is not linked', { number: phone.number, id, jid: part.jid })
    return
  }
  const isOwnCopy = target.phone === phone
  const names = isOwnCopy
    ? ownCopyAttrs(phone, chat ?? phone, (chat ?? phone).settings.addressing, companion.device)
    : senderAttrs(phone, phone.settings.addressing, companion.device)
  enqueue(
    world,
    target.phone,
    receiver,
    node(
      'message',
      {
        ...names,
        id,
        t: String(Math.floor(Date.now() / 1000)),
        type: stanza.attrs.type,
        notify: phone.name,
        edit: stanza.attrs.edit,
      },
      [part.enc],
    ),
  )
}
