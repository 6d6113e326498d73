import type { BinaryNode } from '@whiskeysockets/baileys'
import type { LineEvent } from '@/lib/channel/channel'
import type { Clock } from '@/lib/clock'
import type { RemoteId } from '@/lib/ids'
import { createCache } from './caches'
import { atSeconds, isSelf, missedCallOf, type Self } from './envelope'
import { parseAddress, type Directory } from './ids'
import type { Lanes } from './lanes'
import type { ConnectionEvents } from './socket'

/**
 * Receipts and calls, heard from their stanzas before Baileys sees them: it would confirm them whether or not anybody had
 * stored what they say.
 */
export function createStanzaEars(options: {
  clock: Clock
  lanes: Lanes
  self(): Self
  directory(): Directory | null
  tell(event: LineEvent): Promise<boolean>
}): Pick<ConnectionEvents, 'seeReceipt' | 'seeCall'> {
  const { lanes, self, tell } = options
  const calls = createCache(options.clock, 3_600_000, 200)

  return {
    seeReceipt({ attrs, content }, confirm) {
      const status = receiptStatus(attrs.type)
      const { from, id } = attrs
      // Requests to send again, our other devices and everything odd are Baileys' to answer.
      if (!status || !id || attrs.recipient || !parseAddress(from) || isSelf(from, self())) return undefined
      const ids = [id, ...listed(content)] as RemoteId[]
      return lanes
        .add(`receipt/${id}`, async () => {
          if (await tell({ type: 'receipt', ids, status, at: atSeconds(attrs.t) })) await confirm().catch(() => {})
        })
        .then(() => false)
    },

    seeCall(node) {
      const [info] = childrenOf(node)
      const callId = info?.attrs['call-id']
      const directory = options.directory()
      if (!info || !callId || !directory) return undefined
      if (info.tag === 'offer' || info.tag === 'offer_notice') {
        const hasVideo = childrenOf(info).some(({ tag }) => tag === 'video')
        if (!calls.get(callId)) void calls.set(callId, hasVideo ? 'video' : 'voice')
      } else if (info.tag === 'accept' || info.tag === 'reject') {
        void calls.set(callId, 'over')
      }
      const known = calls.get<string>(callId)
      if (known === 'over') return undefined
      const missed = missedCallOf(node, known === 'video', self(), directory)
      return missed ? tell(missed) : undefined
    },
  }
}

function receiptStatus(type: string | undefined): 'delivered' | 'read' | null {
  if (type === undefined || type === '' || type === 'inactive') return 'delivered'
  return type === 'read' || type === 'played' ? 'read' : null
}

const childrenOf = ({ content }: BinaryNode): BinaryNode[] => (Array.isArray(content) ? content : [])

function listed(content: BinaryNode['content']): string[] {
  const [list] = Array.isArray(content) ? content : []
  return list ? childrenOf(list).flatMap(({ attrs }) => (attrs.id ? [attrs.id] : [])) : []
}
