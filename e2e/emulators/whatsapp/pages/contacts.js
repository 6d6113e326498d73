// The address book of a phone. Whoever is in it has the name given here, whatever they call themselves.
import { cards, rowButton, writeName } from '/rows.js'
import { attempt, avatar, call, element, go, isEditingIn, plus, redraw, state } from '/screen.js'

const MOST_ROWS = 100

let search = ''

export function contactsScreen() {
  const name = element('input', { type: 'text', required: true, autocomplete: 'off' })
  const number = element('input', { type: 'tel', required: true, placeholder: '+34 600 111 222', autocomplete: 'off' })
  const save = async (event) => {
    event.preventDefault()
    const contacts = [{ number: number.value, name: name.value }]
    if ((await attempt(() => call('saveContacts', { number: state.number, contacts }), 'Saved')) === undefined) return
    name.value = ''
    number.value = ''
    name.focus()
  }
  const find = element('input', {
    type: 'text',
    placeholder: 'Search by name or number',
    'aria-label': 'Search contacts',
    autocomplete: 'off',
    oninput: () => {
      search = find.value
      void drawContacts()
    },
  })
  search = ''
  return cards(
    element(
      'form',
      { class: 'card', onsubmit: save },
      element('h3', {}, 'Save a contact'),
      element('label', { class: 'field' }, element('span', {}, 'Name'), name),
      element('label', { class: 'field' }, element('span', {}, 'Number, with country code'), number),
      element('div', {}, element('button', { class: 'button primary', type: 'submit' }, 'Save contact')),
    ),
    element(
      'div',
      { class: 'card' },
      element('h3', { id: 'contact-count' }),
      find,
      element('ul', { id: 'contact-list', 'aria-label': 'Contacts' }),
      element('p', { class: 'soft', id: 'contact-rest' }),
    ),
  )
}

export function updateContacts(phone) {
  const count = phone.contactCount
  const heading = count === 0 ? 'No contacts saved' : count === 1 ? '1 contact' : `${count.toLocaleString()} contacts`
  document.getElementById('contact-count').textContent = heading
  void drawContacts()
}

async function drawContacts() {
  const { number } = state
  const wanted = search
  const found = await attempt(() => call('contacts', { number, search: wanted, limit: MOST_ROWS + 1 }))
  const list = document.getElementById('contact-list')
  if (!found || !list || state.number !== number || search !== wanted || isEditingIn(list)) return
  const devices = state.phones.find((phone) => phone.number === number)?.devices ?? []
  redraw(list, ...found.slice(0, MOST_ROWS).map((contact) => contactRow(contact, devices)))
  const rest = document.getElementById('contact-rest')
  rest.textContent =
    found.length > MOST_ROWS
      ? `Only the first ${MOST_ROWS} are shown. Search to see others.`
      : found.length === 0 && wanted.trim() !== ''
        ? 'Nobody has that name or number.'
        : ''
}

function contactRow(contact, devices) {
  const item = element('li', { class: 'device kept' })
  const by =
    contact.by === 0 ? '' : ` · saved by ${devices.find((each) => each.device === contact.by)?.app ?? 'an app'}`
  const act = (label, onclick, isDangerous) => rowButton(contact.number, contact.name, label, onclick, isDangerous)
  const remove = () =>
    attempt(
      () => call('removeContact', { number: state.number, contact: contact.number }),
      `${contact.name} is removed`,
    )
  const where = contact.isOnWhatsApp ? '' : ' · not on WhatsApp'
  item.append(
    avatar(contact.name, contact.number),
    element(
      'div',
      { class: 'grow' },
      element('strong', {}, contact.name),
      element('p', { class: 'soft' }, plus(contact.number) + where + by),
    ),
    element(
      'div',
      { class: 'acts' },
      contact.isOnWhatsApp && act('Write', () => go(state.number, contact.number)),
      act('Rename', () => rename(item, contact)),
      act('Remove', remove, true),
    ),
  )
  return item
}

const rename = (item, contact) =>
  writeName(item, {
    label: 'New name',
    name: contact.name,
    save: async (name) => {
      const wanted = { number: state.number, contact: contact.number, name }
      return (await attempt(() => call('renameContact', wanted), 'Renamed')) !== undefined
    },
    close: () => {
      item.replaceChildren()
      void drawContacts().then(() => document.querySelector(`[data-focus="Rename ${contact.number}"]`)?.focus())
    },
  })
