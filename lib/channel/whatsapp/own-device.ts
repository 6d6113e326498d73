import type { LinkedAccount } from '@/lib/channel/channel'
import type { Clock } from '@/lib/clock'
import type { AuthStore } from './auth-store'
import { personOf } from './ids'
import type { Connection } from './socket'

/** Whose account the device is linked to; null before it is. */
export function accountOf({ creds, directory }: AuthStore): LinkedAccount | null {
  const { me, platform } = creds
  const person = personOf([me?.id, me?.lid], me?.name, directory)
  if (!person?.phone) return null
  return {
    phone: person.phone,
    aliases: person.aliases,
    // What Baileys puts there until the phone has said a name.
    name: person.name === '~' ? null : person.name,
    platform: platform === 'smba' || platform === 'smbi' ? 'business' : 'consumer',
  }
}

/** Asks WhatsApp to remove this device; true when it said yes. Never throws. */
export async function removeDevice({ sock, ended }: Connection, clock: Clock, withinMs: number): Promise<boolean> {
  const jid = sock.user?.id
  if (!jid) return false
  const limit = new AbortController()
  const confirmed = await Promise.race([
    sock
      .query({
        tag: 'iq',
        attrs: { to: 's.whatsapp.net', type: 'set', xmlns: 'md', id: sock.generateMessageTag() },
        content: [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }],
      })
      .then(Boolean, () => false),
    // WhatsApp may answer by cutting the removed device off.
    ended.then((ending) => ending.code === 401),
    clock.sleep(withinMs, limit.signal).then(() => false),
  ])
  limit.abort(null)
  return confirmed
}
