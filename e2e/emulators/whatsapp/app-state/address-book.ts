import { digitsOf, jidOf, lidOf } from '../address'
import type { Phone } from '../phone'
import { PhoneError, type World } from '../world'
import type { Change } from './patch'

export interface SavedContact {
  number: string
  name: string
  /** The device that saved it: 0 is the phone. */
  by: number
  savedAt: number
  /** Under which address it is shared, where a device chose another than the number's. */
  jid?: string
}

export interface ContactView extends SavedContact {
  /** Only people on WhatsApp reach linked devices. */
  isOnWhatsApp: boolean
}

const MOST_CONTACTS = 20_000
const MOST_NAME_LENGTH = 200

/** The names the owner of a phone gave to numbers. */
export class AddressBook {
  private readonly byNumber: Map<string, SavedContact>

  constructor(
    private readonly world: World,
    private readonly phone: Phone,
    saved: SavedContact[] = [],
  ) {
    this.byNumber = new Map(saved.map((contact) => [contact.number, contact]))
    for (const number of this.byNumber.keys()) world.learnLid(number)
  }

  save(): SavedContact[] {
    return [...this.byNumber.values()]
  }

  get count(): number {
    return this.byNumber.size
  }

  nameOf(number: string): string | undefined {
    return this.byNumber.get(number)?.name
  }

  list(): ContactView[] {
    return this.save().map((contact) => ({ ...contact, isOnWhatsApp: this.world.isOnWhatsApp(contact.number) }))
  }

  /** The person saves some numbers, new or under another name. Nothing is saved if one of them cannot be. */
  keep(wanted: { number: string; name: string }[]): number {
    const contacts = wanted.map(({ number, name }) => ({ number: checkedNumber(number), name: checkedName(name) }))
    if (this.byNumber.size + contacts.length > MOST_CONTACTS) {
      throw new PhoneError(`This phone keeps ${MOST_CONTACTS} contacts at most.`)
    }
    const changed = new Map<string, string>()
    for (const { number, name } of contacts) if (this.nameOf(number) !== name) changed.set(number, name)
    const { history } = this.world
    for (const [number, name] of changed) {
      this.put(number, name, 0)
      if (changed.size <= 100) history.add('contact-saved', { phone: this.phone.number, number, name, by: 0 })
    }
    if (changed.size > 100) history.add('contacts-saved', { phone: this.phone.number, count: changed.size, by: 0 })
    this.phone.state.write('critical_unblock_low', this.changesOf([...changed.keys()]))
    this.world.changed(this.phone)
    return changed.size
  }

  rename(number: string, name: string): void {
    if (!this.byNumber.has(digitsOf(number))) throw notSaved(number)
    this.keep([{ number, name }])
  }

  remove(number: string): void {
    const digits = digitsOf(number)
    const contact = this.byNumber.get(digits)
    if (!contact) throw notSaved(number)
    this.byNumber.delete(digits)
    this.phone.state.revision += 1
    this.world.history.add('contact-removed', { phone: this.phone.number, number: digits, by: 0 })
    if (this.world.isOnWhatsApp(digits)) this.phone.state.write('critical_unblock_low', [removalOf(contact)])
    this.world.changed(this.phone)
  }

  /** What linked devices are told. Numbers that are not on WhatsApp stay on the phone. */
  changesOf(numbers: string[] = [...this.byNumber.keys()]): Change[] {
    return numbers.filter((number) => this.world.isOnWhatsApp(number)).map((number) => this.changeOf(number))
  }

  /** A linked device changed a contact. */
  hear(by: number, { operation, index, value }: Change): void {
    const number = this.world.numberOf(index[1])
    if (number === undefined) {
      this.world.violation('A linked device saves somebody nobody knows', {
        phone: this.phone.number,
        by,
        jid: index[1],
      })
      return
    }
    if (operation === 'remove') {
      if (this.byNumber.delete(number)) {
        this.phone.state.revision += 1
        this.world.history.add('contact-removed', { phone: this.phone.number, number, by })
      }
      return
    }
    const name = (value.contactAction?.fullName ?? value.contactAction?.firstName ?? '').trim()
    if (name === '') return
    this.put(number, name, by, index[1])
    this.world.history.add('contact-saved', { phone: this.phone.number, number, name, by })
  }

  private put(number: string, name: string, by: number, given = this.byNumber.get(number)?.jid): void {
    const jid = given === undefined || given === pnOf(number) ? {} : { jid: given }
    this.byNumber.set(number, { number, name, by, savedAt: Date.now(), ...jid })
    this.world.learnLid(number)
    this.phone.state.revision += 1
  }

  private changeOf(number: string): Change {
    const contact = this.byNumber.get(number)
    const name = contact?.name ?? ''
    return {
      operation: 'set',
      index: ['contact', contact?.jid ?? pnOf(number)],
      value: {
        contactAction: {
          fullName: name,
          firstName: name.split(' ')[0] ?? name,
          lidJid: jidOf({ number, lid: lidOf(number) }, 'lid'),
          saveOnPrimaryAddressbook: true,
        },
      },
      version: 2,
    }
  }
}

const pnOf = (number: string) => jidOf({ number, lid: lidOf(number) }, 'pn')

function removalOf({ number, jid }: SavedContact): Change {
  return { operation: 'remove', index: ['contact', jid ?? pnOf(number)], value: { contactAction: {} }, version: 2 }
}

function checkedNumber(number: string): string {
  const digits = digitsOf(number)
  if (digits.length < 7 || digits.length > 15) {
    throw new PhoneError(`"${number}" is no phone number. Give it with its country code, 7 to 15 digits.`)
  }
  return digits
}

function checkedName(name: string): string {
  const trimmed = name.trim()
  if (trimmed === '') throw new PhoneError('A contact needs a name.')
  if (trimmed.length > MOST_NAME_LENGTH) throw new PhoneError(`A name has ${MOST_NAME_LENGTH} characters at most.`)
  return trimmed
}

const notSaved = (number: string) => new PhoneError(`${number} is not in the address book of this phone.`)
