import type { WASocket } from '@whiskeysockets/baileys'
import type { LineEvent, ReachFaultPoint } from '@/lib/channel/channel'
import type { RemoteId } from '@/lib/ids'
import { atSeconds } from './envelope'
import { contentOf } from './from-whatsapp'
import { personOf, type Directory } from './ids'

/**
 * Hearing as Baileys offers it, from events it emits after it has confirmed the message. It loses what it was holding when
 * the process dies or the socket closes; only the control run of a fault test wants that.
 */
export function hearUpserts(
  sock: WASocket,
  directory: () => Directory | null,
  tell: (event: LineEvent) => Promise<boolean>,
  reach: ReachFaultPoint,
): void {
  sock.ev.on('messages.upsert', async ({ messages }) => {
    for (const { key, message, pushName, messageTimestamp } of messages) {
      const known = directory()
      const content = message && contentOf(message)
      if (!known || !content || !key.id) continue
      const person = personOf([key.remoteJid, key.remoteJidAlt], key.fromMe ? null : pushName, known)
      if (!person) continue
      await reach('after_inbox_commit')
      await tell({
        type: 'message',
        id: key.id as RemoteId,
        person,
        fromPhone: key.fromMe ?? false,
        content,
        at: atSeconds(String(messageTimestamp ?? '')),
      })
    }
  })
}
