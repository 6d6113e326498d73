import { digitsOf } from '../address'
import type { Phone } from '../phone'
import type { World } from '../world'
import { chatJidOf } from './label-changes'
import type { Label } from './labels'
import { checkedProfileName, profileNameChange } from './shared'

/** What the person holding a phone keeps on it. A phone that is offline could tell nobody, so it has to be online. */

export function saveContacts(phone: Phone, contacts: { number: string; name: string }[]): number {
  phone.mustBeOnline()
  return phone.book.keep(contacts)
}

export function renameContact(phone: Phone, number: string, name: string): void {
  phone.mustBeOnline()
  phone.book.rename(number, name)
}

export function removeContact(phone: Phone, number: string): void {
  phone.mustBeOnline()
  phone.book.remove(number)
}

/** The name other people see. */
export function setName(world: World, phone: Phone, name: string): void {
  phone.mustBeOnline()
  phone.name = checkedProfileName(name)
  world.history.add('renamed', { phone: phone.number, name: phone.name, by: 0 })
  phone.state.write('critical_block', [profileNameChange(phone.name)])
  world.changed(phone)
}

export function createLabel(phone: Phone, name: string, color?: number): Label {
  phone.mustBeOnline()
  return phone.labels.create(name, color)
}

export function renameLabel(phone: Phone, id: string, name: string): Label {
  phone.mustBeOnline()
  return phone.labels.rename(id, name)
}

export function deleteLabel(phone: Phone, id: string): void {
  phone.mustBeOnline()
  phone.labels.delete(id)
}

export function labelChat(world: World, phone: Phone, number: string, id: string, isOn: boolean): void {
  phone.mustBeOnline()
  const digits = digitsOf(number)
  phone.labels.put(id, { number: digits, jid: chatJidOf(world, digits) }, isOn)
}
