import { isNeverOnWhatsApp, digitsOf, jidOf } from '../address'
import type { World } from '../world'
import type { Line } from './line'
import { bytesOf, child, children, node, type Node } from './node'

/** Which of some people are on WhatsApp, under which private id, with which devices. */
export function answerUsync(world: World, _line: Line, query: Node): Node[] {
  const usync = child(query, 'usync')
  const asked = new Set(children(child(usync, 'query')).map((protocol) => protocol.tag))
  const users = children(child(usync, 'list'), 'user').map((user) => answerUser(world, user, asked))
  return [node('usync', {}, [node('result'), node('list', {}, users)])]
}

function answerUser(world: World, user: Node, asked: Set<string>): Node {
  const jid = user.attrs.jid
  if (jid === undefined) {
    const number = digitsOf(bytesOf(user, 'contact')?.toString('utf8') ?? '')
    const phone = isNeverOnWhatsApp(number) ? undefined : world.reach(number)
    const answered = phone ? jidOf(phone, 'pn') : `${number}@s.whatsapp.net`
    return node('user', { jid: answered }, [node('contact', { type: phone ? 'in' : 'out' })])
  }
  const phone = world.locate(jid)?.phone
  if (!phone) return node('user', { jid }, [])
  const answers: Node[] = []
  if (asked.has('devices')) {
    const devices = [
      node('device', { id: '0' }),
      ...phone.companions.map(({ device, keyIndex }) =>
        node('device', { id: String(device), 'key-index': String(keyIndex) }),
      ),
    ]
    const lists = [node('device-list', {}, devices), node('key-index-list', { ts: '1' })]
    answers.push(node('devices', {}, lists))
  }
  // A client that asked by private id takes this answer for another person's mapping.
  if (asked.has('lid') && !jid.endsWith('@lid')) answers.push(node('lid', { val: jidOf(phone, 'lid') }))
  return node('user', { jid }, answers)
}
