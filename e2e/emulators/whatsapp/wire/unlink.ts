import { jidOf } from '../address'
import type { Phone } from '../phone'
import type { World } from '../world'
import { liveEnding } from './endings'
import { node } from './node'
import { enqueue } from './queue'

/** Takes a linked device off an account, whoever asked for it, and tells those who may write to it. */
export function endDevice(world: World, phone: Phone, device: number, by: 'phone' | 'companion' | 'server'): void {
  phone.companions = phone.companions.filter((companion) => companion.device !== device)
  world.history.add('unlinked', { number: phone.number, device, by })
  world.line(phone.number, device)?.end(liveEnding(401), 401)
  announceDevice(world, phone, device, 'remove')
  if (by !== 'server') phone.state.rotate()
  world.changed(phone)
}

export function announceDevice(world: World, phone: Phone, device: number, change: 'add' | 'remove'): void {
  for (const { owner, companion } of world.companionsKnowing(phone)) {
    if (owner === phone && companion.device === device) continue
    for (const addressing of ['lid', 'pn'] as const) {
      const attrs = {
        from: jidOf(phone, addressing),
        id: `devices-${phone.number}-${device}-${change}-${addressing}`,
        t: String(Math.floor(Date.now() / 1000)),
        type: 'devices',
      }
      const changed = node('device', { jid: jidOf(phone, addressing, device), 'key-index': String(device) })
      enqueue(world, owner, companion, node('notification', attrs, [node(change, {}, [changed])]))
    }
  }
}

/** Contacts learn that somebody's identity key is another one now, and ask for the new bundle before they write. */
export function announceIdentity(world: World, phone: Phone): void {
  for (const { owner, companion } of world.companionsKnowing(phone)) {
    const attrs = {
      from: jidOf(phone, 'lid'),
      id: `identity-${phone.number}-${Date.now()}`,
      t: String(Math.floor(Date.now() / 1000)),
      type: 'encrypt',
    }
    enqueue(world, owner, companion, node('notification', attrs, [node('identity')]))
  }
}
