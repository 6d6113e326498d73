import { SendError, type Person } from '@/lib/channel/channel'
import { digitsOf, formatPn, personOf, type Directory } from './ids'
import type { Connection } from './socket'

/** Asks WhatsApp whom a number reaches. WhatsApp may answer with another spelling of it (Brazil's ninth digit). */
export async function lookUp(
  { sock, during }: Connection,
  phone: string,
  directory: Directory,
): Promise<Person | null> {
  const digits = digitsOf(phone)
  if (!/^\d{6,15}$/.test(digits)) {
    throw new SendError('This is no phone number WhatsApp could know.', {
      fate: 'not_sent',
      final: true,
      code: 'invalid_number',
    })
  }
  try {
    const answer = await during(sock.onWhatsApp(formatPn(digits)))
    if (!answer) throw new Error('no answer')
    const found = answer.find((entry) => entry.exists)
    if (!found) return null
    const lid = await during(sock.signalRepository.lidMapping.getLIDForPN(found.jid))
    return personOf([found.jid, lid], null, directory)
  } catch (cause) {
    throw new SendError('WhatsApp did not say whether the number is reachable.', { fate: 'not_sent', cause })
  }
}
