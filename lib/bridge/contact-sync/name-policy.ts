/** Which name a contact of the CRM gets from the phone. No I/O. */
import type { Settings } from '../sub-account/settings'

const plain = (name: string) => name.replace(/\s+/g, ' ').trim().toLowerCase()

/** The CRM splits names into words and puts them together again. */
export const isSameName = (a: string, b: string): boolean => plain(a) === plain(b)

const bareNumber = /^\+?[\d\s().-]{5,}$/

/** What the app itself calls somebody it knows nothing but the number of. */
const placeholder = /^WhatsApp (\+\d+|contact)$/i

export interface NameFacts {
  policy: Settings['namePolicy']
  /** In the CRM now. */
  current: string | null
  /** Saved on the phone. */
  saved: string
  /** Names the app wrote to this contact, or was about to. */
  ours: readonly (string | null)[]
}

/** `write`: the CRM's name is to become the saved one; `keep`: it belongs to somebody else. */
export function judgeName({ policy, current, saved, ours }: NameFacts): 'write' | 'same' | 'keep' {
  if (current === null || plain(current) === '') return 'write'
  if (isSameName(current, saved)) return 'same'
  if (policy === 'phone_wins' || bareNumber.test(current) || placeholder.test(current)) return 'write'
  return ours.some((name) => name !== null && isSameName(name, current)) ? 'write' : 'keep'
}
