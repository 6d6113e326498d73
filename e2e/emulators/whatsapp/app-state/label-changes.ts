import { jidOf, lidOf } from '../address'
import { PhoneError, type World } from '../world'
import type { Label } from './labels'
import type { Change } from './patch'

const MOST_NAME_LENGTH = 100

export function checkedLabelName(name: string, others: Label[]): string {
  const trimmed = name.trim()
  if (trimmed === '') throw new PhoneError('A label needs a name.')
  if (trimmed.length > MOST_NAME_LENGTH) {
    throw new PhoneError(`The name of a label has ${MOST_NAME_LENGTH} characters at most.`)
  }
  if (others.some((label) => label.name === trimmed)) throw new PhoneError(`There is a label "${trimmed}" already.`)
  return trimmed
}

/** The jid under which a phone names a chat of its own. */
export function chatJidOf(world: World, number: string): string {
  return jidOf({ number, lid: lidOf(number) }, world.addressingOf(number))
}

export function editOf({ id, name, color }: Label, deleted = false): Change {
  const labelEditAction = { name, color, predefinedId: 0, deleted }
  return { operation: 'set', index: ['label_edit', id], value: { labelEditAction }, version: 3 }
}

export function associationOf(id: string, jid: string, labeled: boolean): Change {
  const value = { labelAssociationAction: { labeled } }
  return { operation: 'set', index: ['label_jid', id, jid], value, version: 3 }
}
