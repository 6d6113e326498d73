import type { Ears, LineEvent, Prepared } from './channel'
import type { RemoteId } from '@/lib/ids'

type Kind = LineEvent['type']
type Event<K extends Kind> = Extract<LineEvent, { type: K }>

/** Ears for tests: remember what was told, and can refuse to. */
export class RecordingEars implements Ears {
  readonly events: LineEvent[] = []
  readonly sent = new Map<string, Prepared>()
  /** Asked before an event counts as heard; what it throws, `hear` throws. */
  refuse: ((event: LineEvent) => Promise<void> | void) | null = null
  private readonly waiting = new Set<() => void>()

  async hear(event: LineEvent): Promise<void> {
    await this.refuse?.(event)
    this.events.push(event)
    for (const check of this.waiting) check()
  }

  async recall(id: RemoteId): Promise<Prepared | null> {
    return this.sent.get(id) ?? null
  }

  of<K extends Kind>(kind: K): Event<K>[] {
    return this.events.filter((event): event is Event<K> => event.type === kind)
  }

  texts(): string[] {
    return this.of('message').flatMap(({ content }) => (content.kind === 'text' ? [content.text] : []))
  }

  /** Resolves with the first event of that kind, told already or to come, that fits. */
  waitFor<K extends Kind>(
    kind: K,
    fits: (event: Event<K>) => boolean = () => true,
    options: { from?: number; timeoutMs?: number; what?: string } = {},
  ): Promise<Event<K>> {
    const { from = 0, timeoutMs = 30_000, what = kind } = options
    return new Promise((resolve, reject) => {
      const check = () => {
        for (const event of this.events.slice(from)) {
          if (event.type !== kind || !fits(event as Event<K>)) continue
          clearTimeout(timer)
          this.waiting.delete(check)
          resolve(event as Event<K>)
          return
        }
      }
      const timer = setTimeout(() => {
        this.waiting.delete(check)
        const states = this.of('state').map(({ state, reason, code }) =>
          [state, reason, code].filter(Boolean).join('/'),
        )
        reject(new Error(`Not heard within ${timeoutMs} ms: ${what}. States so far: ${states.join(', ')}`))
      }, timeoutMs)
      this.waiting.add(check)
      check()
    })
  }

  state(state: Event<'state'>['state'], options: { from?: number; timeoutMs?: number } = {}): Promise<Event<'state'>> {
    return this.waitFor('state', (event) => event.state === state, { what: `state ${state}`, ...options })
  }

  /** A loss after `from`, and the connection after it. That one is connected is also said when its name becomes known. */
  async reconnected(from: number): Promise<void> {
    const lost = await this.state('reconnecting', { from })
    await this.state('connected', { from: this.events.indexOf(lost) })
  }

  text(text: string, options: { from?: number; timeoutMs?: number } = {}): Promise<Event<'message'>> {
    return this.waitFor('message', ({ content }) => content.kind === 'text' && content.text === text, {
      what: `the text "${text}"`,
      ...options,
    })
  }
}
