/** `waiting` is what a person sees for a message their phone could not decrypt yet. */
export type BubbleStatus = 'waiting' | 'received' | 'seen' | 'sent' | 'delivered' | 'read' | 'played' | 'failed'

/** One thing a person sees in a chat. */
export interface Bubble {
  id: string
  direction: 'in' | 'out'
  kind: string
  text: string
  at: number
  status: BubbleStatus
  /** The device it came from: 0 is a phone, anything else a linked device. */
  device: number
  quotedId?: string
  reaction?: string
  edited?: boolean
  deleted?: boolean
}

const OUTGOING_ORDER: BubbleStatus[] = ['failed', 'sent', 'delivered', 'read', 'played']

/** Ticks only ever move forward. */
export function advance(bubble: Bubble, status: BubbleStatus): boolean {
  const next = OUTGOING_ORDER.indexOf(status)
  if (bubble.direction !== 'out' || next <= OUTGOING_ORDER.indexOf(bubble.status)) return false
  bubble.status = status
  return true
}

/** The chats of one phone, by the number at the other end, each in the order its bubbles appeared. */
export class Chats {
  private readonly byPeer = new Map<string, Bubble[]>()
  private readonly byId = new Map<string, { peer: string; bubble: Bubble }>()

  constructor(saved: [string, Bubble[]][] = []) {
    for (const [peer, bubbles] of saved) for (const bubble of bubbles) this.append(peer, bubble)
  }

  save(): [string, Bubble[]][] {
    return [...this.byPeer]
  }

  append(peer: string, bubble: Bubble): void {
    const bubbles = this.byPeer.get(peer)
    if (bubbles) bubbles.push(bubble)
    else this.byPeer.set(peer, [bubble])
    if (!this.byId.has(`${peer} ${bubble.id}`)) this.byId.set(`${peer} ${bubble.id}`, { peer, bubble })
  }

  find(peer: string, id: string): Bubble | undefined {
    return this.byId.get(`${peer} ${id}`)?.bubble
  }

  with(peer: string): Bubble[] {
    return this.byPeer.get(peer) ?? []
  }

  peers(): string[] {
    return [...this.byPeer.keys()]
  }
}
