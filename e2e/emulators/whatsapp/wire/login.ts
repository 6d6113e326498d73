import { jidOf } from '../address'
import type { World } from '../world'
import type { Connection, Handshake } from './connection'
import { liveEnding, loginEnding } from './endings'
import { sendFirstHistory } from './first-history'
import { Line } from './line'
import { node } from './node'
import { deliverOffline, deliverWaiting } from './queue'
import { bringUpToDate } from './sync-keys'

/** A client that finished its handshake is either new and wants to be linked, or a linked device logging in. */
export function admit(world: World, connection: Connection, handshake: Handshake): void {
  if (handshake.payload.devicePairingData) world.pairing.register(connection, handshake)
  else login(world, connection, handshake)
}

function login(world: World, connection: Connection, { clientStatic, payload }: Handshake): void {
  const number = String(payload.username ?? '')
  const device = payload.device ?? 0
  const phone = world.list().find((each) => each.number === number)
  const companion = phone?.companion(device)
  const refuse = (code: number) => {
    world.history.add('login-refused', { number, device, code })
    connection.end(loginEnding(code))
  }
  const ordered = world.faults.takeLoginAnswer(number)
  if (ordered !== undefined) return refuse(ordered)
  // A device is its number, its slot and its noise key: a login with another key is somebody else.
  if (!phone || !companion?.noiseKey.equals(clientStatic)) return refuse(401)

  world.line(number, device)?.end(liveEnding(440), 440)
  const line = new Line(world, connection, phone, companion)
  world.lines.set(`${number}:${device}`, line)
  connection.listener = {
    onReady: () => {},
    onNode: (stanza) => line.hear(stanza),
    onBroken: (reason) => world.violation('A broken frame', { number, device, reason }),
    onClose: () => {
      if (world.lines.get(`${number}:${device}`) === line) {
        world.history.add('closed', { number, device, by: 'client' })
      }
      line.leave()
    },
  }
  world.history.add('login', { number, device, connection: connection.id })
  world.changed(phone)
  line.send(
    node('success', {
      t: String(Math.floor(Date.now() / 1000)),
      lid: jidOf(phone, 'lid', device),
      props: '1',
      location: 'lla',
    }),
  )
}

/** The device is ready for messages: first what waited for it, then everything live. */
export function becomeActive(world: World, line: Line): void {
  const count = String(line.companion.queue.length)
  line.send(
    node('ib', {}, [node('offline_preview', { count, message: count, receipt: '0', notification: '0', call: '0' })]),
  )
  deliverOffline(world, line)
  if (!line.isOpen) return
  line.send(node('ib', {}, [node('offline', { count })]))
  line.isActive = true
  world.history.add('active', { number: line.phone.number, device: line.companion.device, backlog: Number(count) })
  if (!line.companion.hasHistory) {
    line.companion.hasHistory = true
    const sending = line.phone.inTurn(() => sendFirstHistory(world, line.phone, line.companion))
    world.background('sending the first history', sending)
  } else bringUpToDate(world, line.phone, line.companion)
  deliverWaiting(world, line)
}
