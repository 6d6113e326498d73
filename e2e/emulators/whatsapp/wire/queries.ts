import type { World } from '../world'
import { answerAppState, type Refusal } from './app-state'
import { answerCount, answerDigest, answerKeys, rotateKey, storeKeys } from './keys'
import type { Line } from './line'
import { becomeActive } from './login'
import { child, children, node, SERVER, type Node } from './node'
import { answerUsync } from './usync'
import { endDevice } from './unlink'

/** The content of a result, or the code of a refusal. */
type Answer = Node[] | Refusal
type Answerer = (world: World, line: Line, query: Node) => Answer | Promise<Answer>

// One line for each query the server knows. Media and groups take their places here.
const ANSWERERS: Record<string, Answerer> = {
  'w:p get ping': () => [],
  'w:p get': () => [],
  'encrypt get count': answerCount,
  'encrypt get digest': answerDigest,
  'encrypt get key': answerKeys,
  'encrypt set rotate': rotateKey,
  'encrypt set registration': storeKeys,
  'passive set active': () => [],
  'passive set passive': () => [],
  'usync get usync': answerUsync,
  'abt get props': () => [node('props', { hash: '1', refresh: '86400' })],
  'blocklist get': () => [node('list')],
  'privacy get privacy': () => [
    node('privacy', {}, [
      node('category', { name: 'readreceipts', value: 'all' }),
      node('category', { name: 'last', value: 'contacts' }),
      node('category', { name: 'online', value: 'all' }),
    ]),
  ],
  'privacy set tokens': () => [],
  'w:sync:app:state set sync': answerAppState,
  'w:profile:picture get picture': () => ({ refusal: 404, text: 'item-not-found' }),
  'w:stats add': () => [],
  'md set remove-companion-device': (world, line, query) => {
    const target = world.locate(child(query, 'remove-companion-device')?.attrs.jid)
    const isOwn = target?.phone === line.phone
    // The answer has to leave before the connection does.
    if (isOwn) setImmediate(() => endDevice(world, line.phone, target.device, 'companion'))
    return []
  },
}

export function answerQuery(world: World, line: Line, query: Node): void {
  const { id = '', type = '', xmlns = '' } = query.attrs
  if (type === 'result' || type === 'error') return
  const first = children(query)[0]?.tag
  const kind = [xmlns, type, first].filter(Boolean).join(' ')
  const answerer = ANSWERERS[kind]
  if (!answerer) {
    world.unknownQueries.set(kind, (world.unknownQueries.get(kind) ?? 0) + 1)
    world.history.add('unknown-query', { number: line.phone.number, query: kind })
    world.say(`WhatsApp emulator: nobody answers "${kind}" yet, so it was answered with nothing.`)
  }
  const answer = answerer?.(world, line, query) ?? []
  if (answer instanceof Promise)
    world.background(
      `answering ${kind}`,
      answer.then((late) => give(line, id, late)),
    )
  else give(line, id, answer)
  if (kind === 'passive set active') becomeActive(world, line)
}

function give(line: Line, id: string, answer: Answer): void {
  if ('refusal' in answer) {
    const error = node('error', { code: String(answer.refusal), text: answer.text })
    line.send(node('iq', { type: 'error', id, from: SERVER }, [error]))
    return
  }
  line.send(node('iq', { type: 'result', id, from: SERVER }, answer.length > 0 ? answer : undefined))
}
