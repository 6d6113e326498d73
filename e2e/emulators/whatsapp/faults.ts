import { AppStateFaults } from './app-state/faults'

/** Which messages an acknowledgement fault is about. Nothing given means all of them. */
export interface AckMatch {
  /** The number whose companion sent it. */
  number?: string | undefined
  /** The number it was sent to. */
  to?: string | undefined
}

interface AckFault extends AckMatch {
  kind: 'drop' | 'delay' | 'nack'
  rate?: number | undefined
  left?: number | undefined
  delayMs?: number | undefined
  code?: number | undefined
}

export interface AckPlan {
  isDropped: boolean
  delayMs: number
  error?: number
}

function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Everything a test can make go wrong on the WhatsApp side. */
export class Faults {
  private ackFaults: AckFault[] = []
  private readonly loginAnswers = new Map<string, { code: number; left: number }>()
  private readonly paused = new Set<string>()
  private readonly muted = new Set<string>()
  private readonly cuts = new Map<string, number>()
  private random = seeded(1)
  isRefusingConnections = false
  readonly appState = new AppStateFaults()

  seed(seed: number): void {
    this.random = seeded(seed)
  }

  addAckFault(fault: AckFault): void {
    this.ackFaults.push(fault)
  }

  planAck(message: { number: string; to: string }): AckPlan {
    const plan: AckPlan = { isDropped: false, delayMs: 0 }
    for (const fault of this.ackFaults) {
      if (fault.left === 0) continue
      if (fault.number !== undefined && fault.number !== message.number) continue
      if (fault.to !== undefined && fault.to !== message.to) continue
      if (fault.rate !== undefined && this.random() >= fault.rate) continue
      if (fault.left !== undefined) fault.left -= 1
      if (fault.kind === 'drop') plan.isDropped = true
      else if (fault.kind === 'delay') plan.delayMs = Math.max(plan.delayMs, fault.delayMs ?? 0)
      else if (fault.code !== undefined) plan.error = fault.code
    }
    return plan
  }

  answerLogin(number: string, code: number, count: number): void {
    this.loginAnswers.set(number, { code, left: count })
  }

  /** The code this login is refused with, if it is. */
  takeLoginAnswer(number: string): number | undefined {
    const answer = [number, 'all'].map((key) => this.loginAnswers.get(key)).find((each) => each && each.left > 0)
    if (!answer) return undefined
    answer.left -= 1
    return answer.code
  }

  pause(number: string): void {
    this.paused.add(number)
  }

  resume(number: string): void {
    this.paused.delete(number)
  }

  isPaused(number: string): boolean {
    return this.paused.has(number) || this.paused.has('all')
  }

  cutAfter(number: string, count: number): void {
    this.cuts.set(number, count)
  }

  /** Counts one stanza written to a companion. True when the connection is to end with it. */
  isCutNow(number: string): boolean {
    const left = this.cuts.get(number)
    if (left === undefined) return false
    if (left > 1) this.cuts.set(number, left - 1)
    else this.cuts.delete(number)
    return left <= 1
  }

  mute(number: string): void {
    this.muted.add(number)
  }

  isMuted(number: string): boolean {
    return this.muted.has(number) || this.muted.has('all')
  }

  clear(): void {
    this.ackFaults = []
    this.loginAnswers.clear()
    this.paused.clear()
    this.muted.clear()
    this.cuts.clear()
    this.isRefusingConnections = false
    this.appState.clear()
  }
}
