// The chats of a phone and the one that is open.
import { bubbleView, textOfBubble } from '/bubbles.js'
import { drawChatLabels, labelChips } from '/labels.js'
import { attempt, avatar, call, chatOf, element, go, plus, redraw, state } from '/screen.js'

export function chatsScreen() {
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

export function updateChats(phone) {
  const others = state.phones.filter((other) => other.number !== phone.number)
  document
    .getElementById('known-numbers')
    .replaceChildren(...others.map((other) => element('option', { value: plus(other.number) }, other.name)))
  const chats = [...phone.chats].sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0))
  redraw(
    document.getElementById('chat-list'),
    ...(chats.length > 0
      ? chats.map((chat) => chatRow(chat, phone))
      : [element('li', { class: 'empty' }, 'No chats yet.')]),
  )
  if (state.peer) void updateTalk(phone)
}

function chatRow(chat, phone) {
  const preview = chat.isTyping ? 'typing…' : chat.last ? textOfBubble(chat.last) : ''
  return element(
    'li',
    {},
    element(
      'button',
      {
        class: 'row',
        'data-focus': chat.with,
        'aria-current': String(chat.with === state.peer),
        onclick: () => go(state.number, chat.with),
      },
      avatar(chat.name, chat.with),
      element(
        'span',
        { class: 'grow' },
        element('strong', {}, chat.name),
        element('span', { class: 'soft' }, preview),
        labelChips(phone.labels, chat.labels),
      ),
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
    element('div', {
      class: 'labelling',
      id: 'chat-labels',
      role: 'group',
      'aria-label': 'Labels of this chat',
      hidden: true,
    }),
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

function labelsButton(phone) {
  const toggle = (event) => {
    state.isLabelling = !state.isLabelling
    event.currentTarget.setAttribute('aria-expanded', String(state.isLabelling))
    void updateChatLabels(phone)
  }
  return element(
    'button',
    { class: 'button', 'data-focus': 'labels', 'aria-expanded': String(state.isLabelling), onclick: toggle },
    'Labels',
  )
}

async function updateChatLabels(phone) {
  const { number, peer } = state
  const box = document.getElementById('chat-labels')
  box.hidden = !state.isLabelling
  if (box.hidden) return
  const chats = await attempt(() => call('chatLabels', { number }))
  if (chats && state.number === number && state.peer === peer)
    drawChatLabels(box, phone, chats.find((chat) => chat.number === peer)?.labels ?? [])
}

/** Somebody there is no chat with yet may be in the address book, or have a phone here. */
async function nameOf(number, peer) {
  const [saved] = (await attempt(() => call('contacts', { number, search: peer, limit: 1 }))) ?? []
  if (saved?.number === peer) return saved.name
  return state.phones.find((other) => other.number === peer)?.name ?? plus(peer)
}

async function updateTalk(phone) {
  const { number, peer } = state
  const chat = chatOf(phone)
  const name = chat?.name ?? (await nameOf(number, peer))
  if (state.number !== number || state.peer !== peer) return
  redraw(
    document.getElementById('talk-head'),
    element('button', { class: 'icon only-narrow', 'aria-label': 'All chats', onclick: () => go(number) }, '←'),
    avatar(name, peer),
    element(
      'div',
      { class: 'grow' },
      element('h2', {}, name),
      element('p', { class: 'soft' }, chat?.isTyping ? 'typing…' : plus(peer)),
    ),
    ...(phone.hasLabels ? [labelsButton(phone)] : []),
  )
  void updateChatLabels(phone)
  const bubbles = await attempt(() => call('chat', { number, with: peer }))
  if (!bubbles || state.number !== number || state.peer !== peer) return
  const list = document.getElementById('bubbles')
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80
  redraw(list, ...bubbles.map((bubble) => bubbleView(bubble, bubbles, about)))
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
