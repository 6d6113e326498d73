import { ask, control, gently, h, initials, live, nameOf, released } from './dom.js'
import { actingUser, mayEnter, state, topBar } from './frame.js'
import { bubble, whenText } from './bubble.js'

/** Conversations of one sub-account: people on the left, their thread on the right. */
const root = document.querySelector('#app')
const [, , locationId] = window.location.pathname.split('/')
const location = state.locations.find((one) => one.id === locationId)
const acting = actingUser(location)

let rows = []
let open = new URLSearchParams(window.location.search).get('contact') ?? undefined
let attached = []

const contactName = (contact) =>
  [contact.firstName, contact.lastName].filter(Boolean).join(' ') || contact.phone || 'Unnamed'

const people = h('ul', { 'aria-label': 'Contacts' })
const search = h('input', {
  type: 'search',
  placeholder: 'Search',
  'aria-label': 'Search contacts',
  oninput: () => renderPeople(),
})
const header = h('header', { class: 'hidden' })
const messages = h('div', { class: 'messages', role: 'log', 'aria-label': 'Messages', tabindex: 0 })
const text = h('textarea', {
  'aria-label': 'Message',
  placeholder: 'Write a message',
  rows: 2,
  onkeydown(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    composer.requestSubmit()
  },
})
const chips = h('div', { class: 'chips' })
const sender = h(
  'select',
  { 'aria-label': 'Send as' },
  h('option', { value: acting?.id ?? '' }, acting ? `As ${nameOf(acting)}` : 'As nobody'),
  h('option', { value: 'workflow' }, 'As a workflow'),
)
const file = h('input', {
  type: 'file',
  multiple: true,
  class: 'visually-hidden',
  tabindex: -1,
  'aria-label': 'Files',
  onchange: attach,
})
const problem = h('p', { class: 'error', role: 'alert' })
const composer = h(
  'form',
  { class: 'composer hidden', onsubmit: send },
  chips,
  text,
  problem,
  h(
    'div',
    { class: 'bar' },
    h('button', { type: 'button', class: 'button', onclick: () => file.click() }, 'Attach'),
    file,
    sender,
    h('span', { class: 'grow' }),
    h('button', { type: 'submit', class: 'button primary' }, 'Send'),
  ),
)
const thread = h('section', { class: 'thread', 'aria-label': 'Conversation' }, header, messages, composer)
const inbox = h(
  'div',
  { class: 'inbox' },
  h(
    'aside',
    { class: 'people' },
    h('div', { class: 'bar' }, search, h('button', { class: 'button', onclick: addContact }, 'Add contact')),
    people,
  ),
  thread,
)

function addContact() {
  ask(
    'New contact',
    [
      { label: 'Name', name: 'name', required: true, autocomplete: 'off' },
      {
        label: 'Phone, with country code',
        name: 'phone',
        type: 'tel',
        required: true,
        placeholder: '+1 202 555 0123',
        autocomplete: 'off',
      },
    ],
    'Add',
    async ({ name, phone }) => {
      const contact = await control('POST', 'contacts', { locationId, name, phone })
      await refresh()
      await choose(contact.id)
      text.focus()
    },
  )
}

async function attach() {
  for (const one of file.files) {
    const bytes = new Uint8Array(await one.arrayBuffer())
    let binary = ''
    for (const byte of bytes) binary += String.fromCharCode(byte)
    const { url } = await control('POST', 'upload', { locationId, name: one.name, type: one.type, data: btoa(binary) })
    attached.push({ name: one.name, url })
  }
  file.value = ''
  renderChips()
}

function renderChips() {
  chips.replaceChildren(
    ...attached.map((one) =>
      h(
        'span',
        { class: 'chip' },
        one.name,
        h(
          'button',
          {
            type: 'button',
            'aria-label': `Remove ${one.name}`,
            onclick() {
              attached = attached.filter((each) => each !== one)
              renderChips()
            },
          },
          '×',
        ),
      ),
    ),
  )
}

async function send(event) {
  event.preventDefault()
  const body = text.value.trim()
  if (!open || (!body && attached.length === 0)) return
  problem.textContent = ''
  try {
    await control('POST', 'write', {
      contactId: open,
      text: body,
      attachments: attached.map((one) => one.url),
      as: sender.value || undefined,
    })
    text.value = ''
    attached = []
    renderChips()
  } catch (failure) {
    problem.textContent = failure.message
  }
  text.focus()
}

async function choose(contactId) {
  open = contactId
  const address = new URL(window.location.href)
  if (contactId) address.searchParams.set('contact', contactId)
  else address.searchParams.delete('contact')
  window.history.replaceState(null, '', address)
  await renderPeople()
  await renderThread(true)
}

async function renderPeople() {
  await released()
  const wanted = search.value.trim().toLowerCase()
  const focused = document.activeElement?.dataset?.contact
  const shown = rows.filter(({ contact }) =>
    `${contactName(contact)} ${contact.phone ?? ''}`.toLowerCase().includes(wanted),
  )
  people.replaceChildren(
    ...shown.map(({ contact, unreadCount, last, at }) =>
      h(
        'li',
        {},
        h(
          'button',
          {
            class: 'person',
            'data-contact': contact.id,
            'aria-current': contact.id === open ? 'true' : undefined,
            onclick: () => choose(contact.id),
          },
          h('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(contactName(contact))),
          h(
            'span',
            { class: 'grow' },
            h(
              'span',
              { class: 'line' },
              h('span', { class: 'name' }, contactName(contact)),
              h('time', {}, last ? whenText(at) : ''),
            ),
            h('div', { class: 'last' }, last ? last.body || 'File' : (contact.phone ?? '')),
          ),
          unreadCount > 0
            ? h('span', { class: 'unread', 'aria-label': `${unreadCount} unread` }, unreadCount)
            : undefined,
        ),
      ),
    ),
    ...(shown.length === 0
      ? [
          h(
            'li',
            { class: 'empty' },
            rows.length === 0 ? 'No contacts yet. Add one with its phone number.' : 'Nobody matches.',
          ),
        ]
      : []),
  )
  if (focused) people.querySelector(`[data-contact="${focused}"]`)?.focus()
}

function renderHeader(contact) {
  const owner = state.users.find((user) => user.id === contact.assignedTo)
  header.replaceChildren(
    h(
      'button',
      { class: 'button quiet back', 'aria-label': 'Back to contacts', onclick: () => choose(undefined) },
      '←',
    ),
    h(
      'div',
      { class: 'grow' },
      h('h2', {}, contactName(contact)),
      h(
        'small',
        {},
        [contact.phone, owner ? `Owner: ${nameOf(owner)}` : undefined, contact.dnd ? 'Do not disturb' : undefined]
          .filter(Boolean)
          .join(' · '),
      ),
      contact.tags.length > 0
        ? h('div', { class: 'tags' }, ...contact.tags.map((tag) => h('span', { class: 'badge' }, tag)))
        : undefined,
    ),
    h('button', { class: 'button', onclick: () => edit(contact) }, 'Edit'),
  )
}

function edit(contact) {
  const users = state.users.filter((user) => mayEnter(user, location))
  ask(
    'Edit contact',
    [
      { label: 'Name', name: 'name', value: contactName(contact), autocomplete: 'off' },
      { label: 'Tags, separated by commas', name: 'tags', value: contact.tags.join(', '), autocomplete: 'off' },
      {
        label: 'Owner',
        name: 'assignedTo',
        value: contact.assignedTo ?? '',
        options: [['', 'Nobody'], ...users.map((user) => [user.id, nameOf(user)])],
      },
      { label: 'Do not disturb', name: 'dnd', type: 'checkbox', checked: contact.dnd },
    ],
    'Save',
    async ({ name, tags, assignedTo, dnd }) => {
      const [firstName, ...rest] = name.trim().split(/\s+/)
      const lastName = rest.join(' ')
      await control('PATCH', 'contacts', {
        id: contact.id,
        firstName,
        lastName,
        tags: tags.split(','),
        assignedTo,
        dnd: dnd === 'on',
      })
    },
  )
}

async function renderThread(isOpening = false) {
  await released()
  inbox.classList.toggle('reading', Boolean(open))
  const row = rows.find(({ contact }) => contact.id === open)
  for (const part of [composer, header]) part.classList.toggle('hidden', !row)
  if (!row) {
    messages.replaceChildren(h('p', { class: 'empty' }, 'Choose a contact to read and write.'))
    return
  }
  const isAtEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 60
  renderHeader(row.contact)
  const shown = open
  const { messages: list } = await control('GET', `conversation?contactId=${shown}`)
  if (shown !== open) return
  if (row.unreadCount > 0) {
    row.unreadCount = 0
    await control('POST', 'read', { contactId: shown })
    await renderPeople()
  }
  const retry = (message) => control('POST', 'retry', { messageId: message.id, as: acting?.id })
  await released()
  if (shown !== open) return
  messages.replaceChildren(
    ...(list.length > 0
      ? list.map((one) => bubble(one, state.users, retry))
      : [h('p', { class: 'empty' }, 'No messages yet. Write the first one below.')]),
  )
  if (isOpening || isAtEnd) messages.scrollTop = messages.scrollHeight
}

async function refresh() {
  ;({ rows } = await control('GET', `inbox?locationId=${locationId}`))
  await renderPeople()
}

root.className = 'app'
if (location) {
  root.replaceChildren(topBar({ location, current: 'inbox' }), inbox)
  await refresh()
  await renderThread(true)
  const again = gently(async () => {
    await refresh()
    await renderThread()
  })
  const QUIET = new Set(['webhook', 'token', 'rate-limit', 'violation'])
  live(locationId, ({ kind }) => QUIET.has(kind) || again())
} else {
  root.replaceChildren(topBar({}), h('p', { class: 'empty' }, 'There is no such sub-account.'))
}
