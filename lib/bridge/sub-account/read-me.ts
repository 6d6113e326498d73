import type { Actor } from '../context'
import { abilitiesOf, personOf, type Ability } from '../reach'

export interface MeView {
  user: { id: string; name: string; email: string; role: 'admin' | 'user'; type: 'agency' | 'account' }
  companyId: string
  /** Of a token made inside one sub-account; null for an agency's view. */
  locationId: string | null
  abilities: Ability[]
}

export function readMe(actor: Actor): MeView {
  const { userId, name, email, role, companyId, locationId } = personOf(actor)
  return {
    user: {
      id: userId,
      name,
      email,
      role: role === 'agency_admin' || role === 'location_admin' ? 'admin' : 'user',
      type: role === 'agency_admin' || role === 'agency_user' ? 'agency' : 'account',
    },
    companyId,
    locationId,
    abilities: [...abilitiesOf(role)],
  }
}
