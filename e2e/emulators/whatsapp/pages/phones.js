// What a person does with the emulated phones, by mouse. It knows only what the control API tells any client.
import { decodeImage, linkTextOf } from '/scan.js'

const state = { phones: [], number: null, tab: 'chats', peer: null, isAdding: false, replyTo: null, editing: null }

function element(tag, props = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value)
    else if (name === 'class') made.className = value
    else if (name in made && name !== 'list') made[name] = value
    else made.setAttribute(name, value === true ? '' : value)
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
  return made
}

async function call(verb, input) {
  const response = await fetch(`/control/${verb}`, { method: 'POST', body: JSON.stringify(input) })
  const body = await response.json()
  if (!response.ok) throw new Error(body.error)
  return body
}

let noticeTimer
function notice(text) {
  const box = document.getElementById('notice')
  box.textContent = text
  box.classList.add('shown')
  clearTimeout(noticeTimer)
  noticeTimer = setTimeout(() => box.classList.remove('shown'), 3500)
}

/** Does something a person asked for and says so when it fails. */
async function attempt(work, done) {
  try {
    const result = await work()
    if (done) notice(done)
    return result
  } catch (error) {
    notice(error.message)
    return undefined
  }
}

const current = () => state.phones.find((phone) => phone.number === state.number)
const chatOf = (phone) => phone?.chats.find((chat) => chat.with === state.peer)
const plus = (number) => `+${number}`
const timeOf = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })

function avatar(name, number, isOnline) {
  const hue = [...number].reduce((sum, digit) => (sum * 31 + Number(digit)) % 360, 7)
  const letters = name.replace(/^\+/, '').trim().slice(0, 1).toUpperCase() || '#'
  const dot = isOnline === undefined ? null : element('span', { class: isOnline ? 'dot' : 'dot off' })
  return element(
    'span',
    { class: 'avatar', style: `background:hsl(${hue} 45% 42%)`, 'aria-hidden': 'true' },
    letters,
    dot,
  )
}

function go(number, peer = null, tab = 'chats') {
  Object.assign(state, { replyTo: null, editing: null })
  location.hash = [number, tab === 'chats' ? null : tab, peer].filter(Boolean).join('/')
}

function readHash() {
  const [number, ...rest] = location.hash.slice(1).split('/').filter(Boolean)
  state.number = number ?? null
  state.tab = rest[0] === 'devices' ? 'devices' : 'chats'
  state.peer = state.tab === 'chats' ? (rest[0] ?? null) : null
  drawShelf()
  drawPhone()
}

// --- the shelf -------------------------------------------------------------------------------------------------

function drawShelf() {
  const shelf = document.getElementById('shelf')
  if (shelf.querySelector('form') && state.isAdding) {
    shelf.querySelector('.scroll').replaceWith(phoneList())
    return
  }
  shelf.replaceChildren(
    element(
      'div',
      { class: 'head' },
      element(
        'div',
        { class: 'grow' },
        element('h1', {}, 'Phones'),
        element('p', { class: 'soft' }, 'WhatsApp emulator'),
      ),
      element('button', { class: 'button primary', onclick: () => showAdding(true) }, 'Add phone'),
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
      { class: 'row', 'aria-current': String(phone.number === state.number), onclick: () => go(phone.number) },
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

// --- one phone -------------------------------------------------------------------------------------------------

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
    element('div', { class: 'tabs', role: 'tablist' }, tab('chats', 'Chats'), tab('devices', 'Linked devices')),
    state.tab === 'devices' ? devicesScreen() : chatsScreen(),
  )
  updatePhone(phone)
}

function tab(name, label) {
  return element(
    'button',
    { role: 'tab', 'aria-selected': String(state.tab === name), onclick: () => go(state.number, null, name) },
    label,
  )
}

function updatePhone(phone) {
  document.getElementById('phone-offline').hidden = phone.isOnline
  document.getElementById('phone-head').replaceChildren(
    element('button', { class: 'icon only-narrow', 'aria-label': 'All phones', onclick: () => go('') }, '←'),
    avatar(phone.name, phone.number, phone.isOnline),
    element(
      'div',
      { class: 'grow' },
      element('h2', {}, phone.name),
      element('p', { class: 'soft' }, `${plus(phone.number)}${phone.platform.startsWith('smb') ? ' · Business' : ''}`),
    ),
    element(
      'button',
      {
        class: 'button',
        onclick: () => attempt(() => call(phone.isOnline ? 'goOffline' : 'goOnline', { number: phone.number })),
      },
      phone.isOnline ? 'Go offline' : 'Go online',
    ),
  )
  if (state.tab === 'devices') updateDevices(phone)
  else updateChats(phone)
}

// --- linked devices --------------------------------------------------------------------------------------------

function devicesScreen() {
  const link = element('textarea', {
    rows: 2,
    placeholder: 'https://wa.me/settings/linked_devices#…',
    'aria-label': "The code's link",
  })
  const picture = element('input', {
    type: 'file',
    accept: 'image/*',
    hidden: true,
    onchange: () => scanFiles(picture.files),
  })
  const code = element('input', {
    type: 'text',
    class: 'code',
    maxLength: 9,
    placeholder: 'XXXX-XXXX',
    autocomplete: 'off',
    'aria-label': 'Pairing code',
  })
  const scanner = element(
    'div',
    {
      class: 'scanner',
      tabIndex: 0,
      role: 'region',
      'aria-label': 'Scanner',
      ondragover: hover,
      ondragleave: leave,
      ondrop: drop,
      onpaste: paste,
    },
    element('span', { class: 'eye', 'aria-hidden': 'true' }),
    element('strong', {}, 'Drag the QR code here'),
    element('span', { class: 'soft' }, 'Drag it from the app, drop a picture of it, or paste its link below.'),
  )
  return element(
    'div',
    { class: 'scroll' },
    element(
      'div',
      { class: 'devices' },
      element(
        'div',
        { class: 'card' },
        element('h3', {}, 'Link a device'),
        scanner,
        element(
          'form',
          {
            class: 'beside',
            onsubmit: (event) => (event.preventDefault(), scanText(link.value).then((ok) => ok && (link.value = ''))),
          },
          link,
          element('button', { class: 'button primary', type: 'submit' }, 'Link'),
        ),
        picture,
        element(
          'button',
          { class: 'button', type: 'button', onclick: () => picture.click() },
          'Choose a picture of the code',
        ),
      ),
      element(
        'div',
        { class: 'card' },
        element('h3', {}, 'Link with phone number instead'),
        element('p', { class: 'soft' }, 'Type the code the app shows for this number.'),
        element(
          'form',
          { class: 'beside', onsubmit: (event) => (event.preventDefault(), enterCode(code)) },
          code,
          element('button', { class: 'button primary', type: 'submit' }, 'Link with code'),
        ),
      ),
      element('div', { class: 'card', id: 'device-list' }),
    ),
  )
}

function updateDevices(phone) {
  const rows = phone.devices.map((device) =>
    element(
      'li',
      { class: 'device' },
      element(
        'div',
        { class: 'grow' },
        element('strong', {}, device.app),
        element(
          'p',
          { class: 'soft' },
          [
            device.isConnected ? 'Connected' : `Last seen ${timeOf(device.lastSeenAt)}`,
            `linked ${new Date(device.linkedAt).toLocaleDateString()}`,
            !device.isConnected && device.queued > 0 ? `${device.queued} waiting` : null,
          ]
            .filter(Boolean)
            .join(' · '),
        ),
      ),
      element(
        'button',
        {
          class: 'button danger',
          onclick: () => attempt(() => call('unlink', { number: phone.number, device: device.device }), 'Unlinked'),
        },
        'Unlink',
      ),
    ),
  )
  document
    .getElementById('device-list')
    .replaceChildren(
      element('h3', {}, 'Devices'),
      rows.length > 0 ? element('ul', {}, rows) : element('p', { class: 'soft' }, 'No linked devices.'),
    )
}

const hover = (event) => {
  event.preventDefault()
  event.dataTransfer.dropEffect = 'copy'
  event.currentTarget.classList.add('over')
}
const leave = (event) => event.currentTarget.classList.remove('over')

async function drop(event) {
  event.preventDefault()
  event.currentTarget.classList.remove('over')
  await scanData(event.dataTransfer)
}

async function paste(event) {
  event.preventDefault()
  await scanData(event.clipboardData)
}

/** Looks at whatever was dropped or pasted: a link, or a picture of the code. */
async function scanData(data) {
  const texts = ['text/plain', 'text/uri-list', 'text/html'].map((type) => data.getData(type))
  const link = texts.map(linkTextOf).find(Boolean)
  if (link) return scanText(link)
  if (data.files.length > 0) return scanFiles(data.files)
  const source = texts.join('\n').match(/data:image\/[^"'\s]+/)?.[0]
  if (source) return scanFiles([await (await fetch(source)).blob()])
  notice('There is no QR code in that. Drag the code itself, or paste its link.')
  return false
}

async function scanFiles(files) {
  const text = files.length > 0 ? await attempt(() => decodeImage(files[0])) : undefined
  if (text === null) notice('No QR code could be read in this picture.')
  return text ? scanText(text) : false
}

async function scanText(text) {
  if (!text.trim()) return false
  notice('Linking…')
  const linked = await attempt(() => call('scan', { number: state.number, qrText: text.trim() }), 'Device linked')
  return Boolean(linked)
}

async function enterCode(input) {
  notice('Linking…')
  if (await attempt(() => call('enterCode', { number: state.number, code: input.value }), 'Device linked'))
    input.value = ''
}

// --- chats -----------------------------------------------------------------------------------------------------

function chatsScreen() {
  const to = element('input', {
    type: 'tel',
    placeholder: 'Write to a number',
    autocomplete: 'off',
    'aria-label': 'Write to a number',
    list: 'known-numbers',
  })
  to.setAttribute('list', 'known-numbers')
  const open = (event) => {
    event.preventDefault()
    const number = to.value.replace(/\D/g, '')
    if (number) go(state.number, number)
  }
  return element(
    'div',
    { class: state.peer ? 'chats with-talk' : 'chats' },
    element(
      'div',
      { class: 'list' },
      element(
        'form',
        { class: 'beside', style: 'padding:12px', onsubmit: open },
        to,
        element('button', { class: 'button', type: 'submit' }, 'Open'),
      ),
      element('datalist', { id: 'known-numbers' }),
      element('ul', { class: 'scroll', id: 'chat-list' }),
    ),
    state.peer
      ? talkScreen()
      : element('div', { class: 'talk' }, element('p', { class: 'empty' }, 'Open a chat, or write to a number.')),
  )
}

function updateChats(phone) {
  const others = state.phones.filter((other) => other.number !== phone.number)
  document
    .getElementById('known-numbers')
    .replaceChildren(...others.map((other) => element('option', { value: plus(other.number) }, other.name)))
  const chats = [...phone.chats].sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0))
  document
    .getElementById('chat-list')
    .replaceChildren(...(chats.length > 0 ? chats.map(chatRow) : [element('li', { class: 'empty' }, 'No chats yet.')]))
  if (state.peer) void updateTalk(phone)
}

function chatRow(chat) {
  const preview = chat.isTyping ? 'typing…' : chat.last ? textOfBubble(chat.last) : ''
  return element(
    'li',
    {},
    element(
      'button',
      { class: 'row', 'aria-current': String(chat.with === state.peer), onclick: () => go(state.number, chat.with) },
      avatar(chat.name, chat.with),
      element('span', { class: 'grow' }, element('strong', {}, chat.name), element('span', { class: 'soft' }, preview)),
      chat.unread > 0 &&
        element('span', { class: 'badge', 'aria-label': `${chat.unread} unread` }, String(chat.unread)),
    ),
  )
}

function talkScreen() {
  const text = element('textarea', {
    rows: 1,
    placeholder: 'Message',
    'aria-label': 'Message',
    onkeydown: sendOnEnter,
    oninput: sayTyping,
  })
  const more = element(
    'div',
    { class: 'more', hidden: true },
    MORE.map(([label, work]) =>
      element('button', { class: 'button', type: 'button', onclick: () => attempt(work, label) }, label),
    ),
  )
  return element(
    'div',
    { class: 'talk' },
    element('div', { class: 'head', id: 'talk-head' }),
    element('ol', { class: 'bubbles scroll', id: 'bubbles', 'aria-label': 'Messages' }),
    element('div', { class: 'about', id: 'about', hidden: true }),
    more,
    element(
      'form',
      { class: 'composer', onsubmit: (event) => (event.preventDefault(), sendWritten(text)) },
      element(
        'button',
        { class: 'icon', type: 'button', 'aria-label': 'Attach', onclick: () => toggleMore(more) },
        '+',
      ),
      text,
      element('button', { class: 'button primary', type: 'submit' }, 'Send'),
    ),
  )
}

function toggleMore(more) {
  more.hidden = !more.hidden
  const list = document.getElementById('bubbles')
  list.scrollTop = list.scrollHeight
}

const target = () => ({ number: state.number, to: state.peer })
const MORE = [
  [
    'Location',
    () => call('sendLocation', { ...target(), latitude: 41.4036, longitude: 2.1744, name: 'Sagrada Família' }),
  ],
  ['Contact card', () => call('sendContact', { ...target(), name: 'Ana García', numbers: ['+34 600 111 222'] })],
  ['Picture', () => call('sendImage', { ...target(), caption: 'A picture' })],
  ['Missed call', () => call('call', target())],
  ['Something new', () => call('sendUnknown', target())],
]

function sendOnEnter(event) {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  event.currentTarget.form.requestSubmit()
}

let typingTimer
function sayTyping() {
  const { number, peer } = state
  if (!typingTimer) void call('type', { number, chat: peer, isTyping: true }).catch(() => {})
  clearTimeout(typingTimer)
  typingTimer = setTimeout(() => {
    typingTimer = undefined
    void call('type', { number, chat: peer, isTyping: false }).catch(() => {})
  }, 2000)
}

async function sendWritten(input) {
  const text = input.value
  if (!text.trim()) return
  input.value = ''
  const { editing, replyTo } = state
  const work = editing
    ? () => call('edit', { ...target(), id: editing.id, text })
    : () => call('sendText', { ...target(), text, ...(replyTo ? { quote: replyTo.id } : {}) })
  about(null, null)
  if ((await attempt(work)) === undefined) input.value = text
}

function about(replyTo, editing) {
  Object.assign(state, { replyTo, editing })
  const box = document.getElementById('about')
  const subject = replyTo ?? editing
  box.hidden = !subject
  if (!subject) return
  box.replaceChildren(
    element('span', {}, `${replyTo ? 'Answering' : 'Editing'}: ${textOfBubble(subject)}`),
    element('button', { class: 'icon', type: 'button', 'aria-label': 'Cancel', onclick: () => about(null, null) }, '×'),
  )
  const input = document.querySelector('.composer textarea')
  if (editing) input.value = editing.text
  input.focus()
}

async function updateTalk(phone) {
  const { number, peer } = state
  const chat = chatOf(phone)
  const name = chat?.name ?? state.phones.find((other) => other.number === peer)?.name ?? plus(peer)
  document
    .getElementById('talk-head')
    .replaceChildren(
      element('button', { class: 'icon only-narrow', 'aria-label': 'All chats', onclick: () => go(number) }, '←'),
      avatar(name, peer),
      element(
        'div',
        { class: 'grow' },
        element('h2', {}, name),
        element('p', { class: 'soft' }, chat?.isTyping ? 'typing…' : plus(peer)),
      ),
    )
  const bubbles = await attempt(() => call('chat', { number, with: peer }))
  if (!bubbles || state.number !== number || state.peer !== peer) return
  const list = document.getElementById('bubbles')
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80
  list.replaceChildren(...bubbles.map((bubble) => bubbleView(bubble, bubbles)))
  if (isAtEnd || list.dataset.chat !== peer) list.scrollTop = list.scrollHeight
  list.dataset.chat = peer
  // Looking at a chat reads it, as on a real phone.
  if (
    phone.isOnline &&
    document.visibilityState === 'visible' &&
    bubbles.some((bubble) => bubble.status === 'received')
  ) {
    await call('read', { number, chat: peer }).catch(() => {})
  }
}

const KINDS = {
  image: 'Picture',
  video: 'Video',
  audio: 'Audio',
  voice: 'Voice message',
  document: 'Document',
  sticker: 'Sticker',
  location: 'Location',
  contact: 'Contact',
  poll: 'Poll',
  unknown: 'Unsupported message',
}

function textOfBubble(bubble) {
  if (bubble.deleted) return 'This message was deleted'
  return [KINDS[bubble.kind], bubble.text].filter(Boolean).join(': ')
}

function ticks({ direction, status }) {
  if (direction !== 'out') return null
  const label = { failed: 'Not sent', sent: 'Sent', delivered: 'Delivered', read: 'Read', played: 'Played' }[status]
  const mark = status === 'failed' ? '!' : status === 'sent' ? '✓' : '✓✓'
  const isRead = status === 'read' || status === 'played'
  return element(
    'span',
    { class: isRead ? 'ticks read' : 'ticks', role: 'img', 'aria-label': label, title: label },
    mark,
  )
}

function bubbleView(bubble, bubbles) {
  const quoted = bubble.quotedId && bubbles.find((other) => other.id === bubble.quotedId)
  const classes = [
    'bubble',
    bubble.direction,
    bubble.reaction && 'reacted',
    (bubble.status === 'waiting' || bubble.deleted) && 'waiting',
  ]
  const { id } = bubble
  const tool = (label, work) => element('button', { type: 'button', onclick: work }, label)
  const tools = [
    tool('Reply', () => about(bubble, null)),
    tool('Like', () => attempt(() => call('react', { ...target(), id, emoji: bubble.reaction === '👍' ? '' : '👍' }))),
    bubble.direction === 'out' && bubble.kind === 'text' && tool('Edit', () => about(null, bubble)),
    bubble.direction === 'out' && tool('Delete', () => attempt(() => call('delete', { ...target(), id }))),
  ]
  return element(
    'li',
    { class: classes.filter(Boolean).join(' '), tabIndex: 0 },
    quoted && element('div', { class: 'quote' }, textOfBubble(quoted)),
    textOfBubble(bubble),
    element(
      'div',
      { class: 'meta' },
      bubble.edited && !bubble.deleted && element('span', {}, 'edited'),
      bubble.direction === 'out' && bubble.device > 0 && element('span', {}, 'linked device'),
      element('span', {}, timeOf(bubble.at)),
      ticks(bubble),
    ),
    bubble.reaction && element('span', { class: 'reaction' }, bubble.reaction),
    !bubble.deleted && bubble.status !== 'waiting' && element('div', { class: 'tools' }, tools),
  )
}

// --- live ------------------------------------------------------------------------------------------------------

let isRefreshing = false
let isStale = false

async function refresh() {
  if (isRefreshing) {
    isStale = true
    return
  }
  isRefreshing = true
  do {
    isStale = false
    state.phones = (await attempt(() => call('list', {}))) ?? state.phones
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
