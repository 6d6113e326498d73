/** Things that go wrong between the app and the CRM, by rule: which requests, how often, and how. */
export type FaultKind =
  /** Answers with `status` and does nothing. */
  | 'status'
  /** Answers after `ms`. */
  | 'delay'
  /** Hangs up before doing anything. */
  | 'drop-before'
  /** Does what was asked, then hangs up without an answer. */
  | 'drop-after'
  /** Answers 201 with an empty body and does nothing. */
  | 'empty-201'

export interface FaultRule {
  kind: FaultKind
  locationId?: string
  method?: string
  /** A regular expression on the path. */
  path?: string
  status?: number
  body?: unknown
  ms?: number
  /** How many requests it hits; default all. */
  times?: number
  /** Share of matching requests it hits, 0–1; drawn from the seeded generator. */
  share?: number
}

/** mulberry32: small, seeded, good enough to choose victims. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function createFaults(random: () => number) {
  const rules = new Map<string, FaultRule & { hits: number }>()
  let next = 1

  return {
    add(rule: FaultRule): string {
      const id = `fault-${next++}`
      rules.set(id, { ...rule, hits: 0 })
      return id
    },
    remove: (id: string): boolean => rules.delete(id),
    clear: (): void => rules.clear(),
    list: () => [...rules].map(([id, rule]) => ({ id, ...rule })),

    /** The faults that strike this request, counted as hits. */
    strike(request: { method: string; path: string; locationId?: string }): FaultRule[] {
      const struck: FaultRule[] = []
      for (const rule of rules.values()) {
        if (rule.method && rule.method.toUpperCase() !== request.method) continue
        if (rule.locationId && rule.locationId !== request.locationId) continue
        if (rule.path && !new RegExp(rule.path).test(request.path)) continue
        if (rule.times !== undefined && rule.hits >= rule.times) continue
        if (rule.share !== undefined && random() >= rule.share) continue
        rule.hits += 1
        struck.push(rule)
      }
      return struck
    },
  }
}
