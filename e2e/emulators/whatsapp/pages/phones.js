// What a person does with the emulated phones, by mouse. It knows only what the control API tells any client.
import { chatsScreen, updateChats } from '/chats.js'
import { contactsScreen, updateContacts } from '/contacts.js'
import { devicesScreen, updateDevices } from '/devices.js'
import { labelsScreen, updateLabels } from '/labels.js'
import { profileHead } from '/profile.js'
import { attempt, avatar, call, current, element, go, isEditingIn, plus, redraw, state } from '/screen.js'

const SCREENS = {
  chats: { label: 'Chats', make: chatsScreen, update: updateChats },
  contacts: { label: 'Contacts', make: contactsScreen, update: updateContacts },
  labels: { label: 'Labels', make: labelsScreen, update: updateLabels },
  devices: { label: 'Linked devices', make: devicesScreen, update: updateDevices },
}

function readHash() {
  const [number, ...rest] = location.hash.slice(1).split('/').filter(Boolean)
  state.number = number ?? null
  state.tab = Object.hasOwn(SCREENS, rest[0] ?? '') ? rest[0] : 'chats'
  state.peer = state.tab === 'chats' ? (rest[0] ?? null) : null
  drawShelf()
  drawPhone()
}

function drawShelf() {
  const shelf = document.getElementById('shelf')
  if (shelf.querySelector('form') && state.isAdding) {
    shelf.querySelector('.scroll').replaceWith(phoneList())
    return
  }
  redraw(
    shelf,
    element(
      'div',
      { class: 'head' },
      element(
        'div',
        { class: 'grow' },
        element('h1', {}, 'Phones'),
        element('p', { class: 'soft' }, 'WhatsApp emulator'),
      ),
      element('button', { class: 'button primary', 'data-focus': 'add', onclick: () => showAdding(true) }, 'Add phone'),
    ),
    ...(state.isAdding ? [addForm()] : []),
    phoneList(),
  )
}

function showAdding(isAdding) {
  state.isAdding = isAdding
  document.querySelector('#shelf form')?.remove()
  drawShelf()
  document.querySelector('#shelf form input')?.focus()
}

function addForm() {
  const name = element('input', { type: 'text', name: 'name', required: true, autocomplete: 'off' })
  const number = element('input', { type: 'tel', name: 'number', placeholder: 'One is made up', autocomplete: 'off' })
  const isBusiness = element('input', { type: 'checkbox' })
  const submit = async (event) => {
    event.preventDefault()
    const wanted = {
      name: name.value,
      ...(number.value.trim() ? { number: number.value } : {}),
      platform: isBusiness.checked ? 'smba' : 'android',
    }
    const made = await attempt(() => call('create', { phones: [wanted] }))
    if (!made) return
    showAdding(false)
    await refresh()
    go(made[0].number)
  }
  return element(
    'form',
    { class: 'form', onsubmit: submit },
    element('label', { class: 'field' }, element('span', {}, 'Name'), name),
    element('label', { class: 'field' }, element('span', {}, 'Number, with country code'), number),
    element('label', {}, isBusiness, ' WhatsApp Business'),
    element(
      'div',
      { class: 'actions' },
      element('button', { class: 'button primary', type: 'submit' }, 'Add'),
      element('button', { class: 'button', type: 'button', onclick: () => showAdding(false) }, 'Cancel'),
    ),
  )
}

function phoneList() {
  const phones = state.phones.filter((phone) => !phone.isStranger || phone.chats.length > 0)
  if (phones.length === 0)
    return element('p', { class: 'empty scroll' }, 'No phones yet. Add one to link it and to write.')
  return element('ul', { class: 'scroll' }, phones.map(phoneRow))
}

function phoneRow(phone) {
  const unread = phone.chats.reduce((sum, chat) => sum + chat.unread, 0)
  const linked = phone.devices.length > 0 ? ` · ${phone.devices.length} linked` : ''
  return element(
    'li',
    {},
    element(
      'button',
      {
        class: 'row',
        'data-focus': phone.number,
        'aria-current': String(phone.number === state.number),
        onclick: () => go(phone.number),
      },
      avatar(phone.name, phone.number, phone.isOnline),
      element(
        'span',
        { class: 'grow' },
        element('strong', {}, phone.name),
        element(
          'span',
          { class: 'soft' },
          (phone.isStranger ? 'Appeared when written to' : plus(phone.number)) + linked,
        ),
      ),
      unread > 0 && element('span', { class: 'badge', 'aria-label': `${unread} unread` }, String(unread)),
    ),
  )
}

let drawn = ''

function drawPhone() {
  const page = document.getElementById('page')
  const screen = document.getElementById('phone')
  const phone = current()
  page.classList.toggle('with-phone', Boolean(phone))
  page.classList.toggle('in-talk', Boolean(phone && state.peer))
  if (!phone) {
    drawn = ''
    screen.replaceChildren(element('p', { class: 'empty' }, 'Choose a phone, or add one.'))
    return
  }
  // What the person is typing or pasting into stays in place while the rest of the screen changes.
  const wanted = `${state.number}/${state.tab}/${state.peer}`
  if (drawn === wanted) return updatePhone(phone)
  drawn = wanted
  screen.replaceChildren(
    element('div', { class: 'head', id: 'phone-head' }),
    element('div', { class: 'offline', id: 'phone-offline' }, 'Offline: nothing arrives and nothing can be sent.'),
    element('div', { class: 'tabs', role: 'tablist' }, tabsOf(phone).map(tab)),
    SCREENS[state.tab].make(),
  )
  updatePhone(phone)
}

/** Only WhatsApp Business has labels. */
const tabsOf = (phone) => Object.keys(SCREENS).filter((name) => name !== 'labels' || phone.hasLabels)

function tab(name) {
  return element(
    'button',
    { role: 'tab', 'aria-selected': String(state.tab === name), onclick: () => go(state.number, null, name) },
    SCREENS[name].label,
  )
}

function updatePhone(phone) {
  document.getElementById('phone-offline').hidden = phone.isOnline
  const head = document.getElementById('phone-head')
  if (!isEditingIn(head)) profileHead(head, phone)
  SCREENS[state.tab].update(phone)
}

let isRefreshing = false
let isStale = false

/** A list drawn anew under a pressed button would lose the click. */
let isPressed = false
let isDue = false
window.addEventListener('pointerdown', () => (isPressed = true))
for (const end of ['pointerup', 'pointercancel', 'dragend'])
  window.addEventListener(end, () =>
    setTimeout(() => {
      isPressed = false
      if (isDue) void refresh()
    }),
  )

async function refresh() {
  isDue = isPressed
  if (isPressed) return
  if (isRefreshing) {
    isStale = true
    return
  }
  isRefreshing = true
  do {
    isStale = false
    state.phones = (await attempt(() => call('list', {}))) ?? state.phones
    isDue = isPressed
    if (isPressed) break
    drawShelf()
    drawPhone()
  } while (isStale)
  isRefreshing = false
}

window.addEventListener('hashchange', readHash)
document.addEventListener('visibilitychange', () => void refresh())
const live = new EventSource('/control/live')
live.addEventListener('open', () => void refresh())
live.addEventListener('message', () => void refresh())
readHash()
