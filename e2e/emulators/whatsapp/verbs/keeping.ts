import { z } from 'zod'
import { digitsOf } from '../address'
import * as keeping from '../app-state/keeping'
import { number, verb } from './verb'

const contact = z.object({ number, name: z.string() })

/** What people keep on their phones and linked devices see too: the address book, labels, their own name. */
export const keepingVerbs = {
  contacts: verb(
    z.object({ number, search: z.string().default(''), limit: z.number().int().positive().optional() }),
    (world, input) => {
      const wanted = input.search.trim().toLocaleLowerCase()
      const digits = digitsOf(wanted)
      const fits = ({ name, number: of }: { name: string; number: string }) =>
        name.toLocaleLowerCase().includes(wanted) || (digits !== '' && of.includes(digits))
      return world.phone(input.number).book.list().filter(fits).slice(0, input.limit)
    },
  ),
  /** New, or under another name. Answers how many that changed. */
  saveContacts: verb(z.object({ number, contacts: z.array(contact).max(20_000) }), (world, input) =>
    keeping.saveContacts(world.phone(input.number), input.contacts),
  ),
  renameContact: verb(z.object({ number, contact: number, name: z.string() }), (world, input) =>
    keeping.renameContact(world.phone(input.number), input.contact, input.name),
  ),
  removeContact: verb(z.object({ number, contact: number }), (world, input) =>
    keeping.removeContact(world.phone(input.number), input.contact),
  ),
  setName: verb(z.object({ number, name: z.string() }), (world, input) =>
    keeping.setName(world, world.phone(input.number), input.name),
  ),

  labels: verb(z.object({ number }), (world, input) => world.phone(input.number).labels.list()),
  chatLabels: verb(z.object({ number }), (world, input) => {
    const { labels, book } = world.phone(input.number)
    const nameOf = (of: string) => book.nameOf(of) ?? world.known(of)?.name ?? `+${of}`
    return labels.everywhere().map((chat) => ({ ...chat, name: nameOf(chat.number) }))
  }),
  createLabel: verb(
    z.object({ number, name: z.string(), color: z.number().int().min(0).max(19).optional() }),
    (world, input) => keeping.createLabel(world.phone(input.number), input.name, input.color),
  ),
  renameLabel: verb(z.object({ number, label: z.string(), name: z.string() }), (world, input) =>
    keeping.renameLabel(world.phone(input.number), input.label, input.name),
  ),
  deleteLabel: verb(z.object({ number, label: z.string() }), (world, input) =>
    keeping.deleteLabel(world.phone(input.number), input.label),
  ),
  labelChat: verb(z.object({ number, chat: number, label: z.string(), isOn: z.boolean() }), (world, input) =>
    keeping.labelChat(world, world.phone(input.number), input.chat, input.label, input.isOn),
  ),
}
