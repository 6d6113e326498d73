/** Whether a routing rule of the sub-account is about a message. No I/O. */
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { UserId } from '@/lib/ids'
import type { RoutingRule } from '../sub-account/settings'

export interface RuleFacts {
  /** E.164 of the contact. */
  phone: string | null
  /** Null: written by no person. */
  sender: UserId | null
  hasAffinity: boolean
  /** Null: not known. */
  contact: { tags: readonly string[]; owner: UserId | null } | null
}

/** `unknown`: it depends on what is not known of the contact. */
export function matchRule(rule: RoutingRule, facts: RuleFacts): 'yes' | 'no' | 'unknown' {
  const { countries, tags, senders, owners, written } = rule.when
  if (rule.appliesTo === 'new' && facts.hasAffinity) return 'no'
  if (written !== 'any' && (written === 'by_people') !== (facts.sender !== null)) return 'no'
  if (senders.length > 0 && (facts.sender === null || !senders.includes(facts.sender))) return 'no'
  if (countries.length > 0) {
    const country = countryOf(facts.phone)
    if (country === null || !countries.includes(country)) return 'no'
  }
  if (tags.length === 0 && owners.length === 0) return 'yes'
  if (facts.contact === null) return 'unknown'
  const { owner } = facts.contact
  const carried = facts.contact.tags.map((tag) => tag.toLowerCase())
  if (tags.length > 0 && !tags.some((tag) => carried.includes(tag.toLowerCase()))) return 'no'
  if (owners.length > 0 && (owner === null || !owners.includes(owner))) return 'no'
  return 'yes'
}

/** What in it matched, for the sentence of the trace. */
export function describeRule(rule: RoutingRule, facts: RuleFacts): string {
  const { countries, tags, senders, owners, written } = rule.when
  const country = countryOf(facts.phone)
  const carried = facts.contact?.tags.map((tag) => tag.toLowerCase()) ?? []
  const tag = tags.find((one) => carried.includes(one.toLowerCase()))
  const clauses = [
    countries.length > 0 && country ? `the number is from ${countryNames.of(country) ?? country}` : null,
    tag ? `the contact is tagged "${tag}"` : null,
    senders.length > 0 ? 'of who sent it' : null,
    owners.length > 0 ? 'of who the contact belongs to' : null,
    written === 'by_people' ? 'a person wrote it' : null,
    written === 'automated' ? 'it was sent automatically' : null,
  ].filter((clause) => clause !== null)
  return clauses.join(' and ')
}

const countryNames = new Intl.DisplayNames(['en'], { type: 'region' })

/** Where a number does not tell which of the countries that share its calling code it is from. */
const foremost: Record<string, string> = { '1': 'US', '7': 'RU', '39': 'IT', '44': 'GB', '47': 'NO', '61': 'AU' }

/** ISO 3166 alpha-2 of a number; null when it is from nowhere. */
function countryOf(phone: string | null): string | null {
  const parsed = phone === null ? undefined : parsePhoneNumberFromString(phone)
  if (!parsed) return null
  if (parsed.country) return parsed.country
  const code = parsed.countryCallingCode
  return foremost[code] ?? getCountries().find((country) => getCountryCallingCode(country) === code) ?? null
}
