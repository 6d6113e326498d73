export const STATE_FAULTS = ['refuse', 'silence', 'delay', 'bad-patch-mac', 'bad-snapshot-mac', 'conflict'] as const

export interface AppStateFault {
  kind: (typeof STATE_FAULTS)[number]
  /** Whose, or everybody's. */
  number?: string | undefined
  /** For `refuse`, `silence` and `delay`: only what fetches, or only what writes. */
  on?: 'fetch' | 'write' | undefined
  /** For `refuse`: the code of the refusal. */
  code?: number | undefined
  delayMs?: number | undefined
  /** For so many questions; without it until the faults are cleared. */
  count?: number | undefined
}

/** What can go wrong with contacts, labels and the other things devices share. */
export class AppStateFaults {
  private faults: AppStateFault[] = []
  private readonly withheld = new Set<string>()
  private readonly lost = new Set<string>()

  add(fault: AppStateFault): void {
    this.faults.push({ ...fault })
  }

  /** Uses up one of each fault that is about this account and is wanted here. */
  take(number: string, kinds: readonly AppStateFault['kind'][], on?: AppStateFault['on']): AppStateFault[] {
    const fits = (fault: AppStateFault) =>
      kinds.includes(fault.kind) &&
      (fault.number === undefined || fault.number === number) &&
      (fault.on === undefined || on === undefined || fault.on === on) &&
      fault.count !== 0
    const taken = this.faults.filter(fits)
    for (const fault of taken) if (fault.count !== undefined) fault.count -= 1
    return taken
  }

  withholdKeys(number: string, isWithheld: boolean): void {
    if (isWithheld) this.withheld.add(number)
    else this.withheld.delete(number)
  }

  isWithheld(number: string): boolean {
    return this.withheld.has(number)
  }

  loseNews(number: string, isLost: boolean): void {
    if (isLost) this.lost.add(number)
    else this.lost.delete(number)
  }

  isLost(number: string): boolean {
    return this.lost.has(number)
  }

  clear(): void {
    this.faults = []
    this.withheld.clear()
    this.lost.clear()
  }
}
