/** How the last calls for each sub-account went, in this process: whether the CRM fails it, or only some of what it is asked. */
export interface Breaker {
  /** Counts a call. True when it is the failure with which the CRM counts as failing; counting then begins anew. */
  count(key: string, hasFailed: boolean): boolean
}

const window = 20
const most = 10

export function createBreaker(): Breaker {
  const lately = new Map<string, boolean[]>()
  return {
    count(key, hasFailed) {
      const calls = [...(lately.get(key) ?? []), hasFailed].slice(-window)
      const isFailing = hasFailed && calls.length === window && calls.filter(Boolean).length >= most
      lately.set(key, isFailing ? [] : calls)
      return isFailing
    },
  }
}
