// The labels of a business phone: the list of them, and those on one chat.
import { cards, rowButton, writeName } from '/rows.js'
import { attempt, call, element, go, isEditingIn, redraw, state } from '/screen.js'

export function labelsScreen() {
  const name = element('input', { type: 'text', required: true, autocomplete: 'off', 'aria-label': 'Label name' })
  const create = async (event) => {
    event.preventDefault()
    const made = await attempt(() => call('createLabel', { number: state.number, name: name.value }), 'Label created')
    if (made) name.value = ''
  }
  return cards(
    element(
      'div',
      { class: 'card' },
      element('h3', {}, 'Create a label'),
      element(
        'form',
        { class: 'beside', onsubmit: create },
        name,
        element('button', { class: 'button primary', type: 'submit' }, 'Create label'),
      ),
      element('p', { class: 'soft' }, 'Open a chat and press Labels to put a label on it.'),
    ),
    element(
      'div',
      { class: 'card' },
      element('h3', {}, 'Labels'),
      element('ul', { id: 'label-list', 'aria-label': 'Labels' }),
    ),
  )
}

export async function updateLabels(phone) {
  const chats = await attempt(() => call('chatLabels', { number: phone.number }))
  const list = document.getElementById('label-list')
  if (!chats || !list || state.number !== phone.number || isEditingIn(list)) return
  const rows = phone.labels.map((label) =>
    labelRow(
      label,
      chats.filter(({ labels }) => labels.includes(label.id)),
      phone,
    ),
  )
  redraw(list, ...(rows.length > 0 ? rows : [element('li', { class: 'soft' }, 'No labels yet.')]))
}

function labelRow(label, chats, phone) {
  const item = element('li', { class: 'device kept' })
  const act = (name, onclick, isDangerous) => rowButton(label.id, label.name, name, onclick, isDangerous)
  const remove = () =>
    attempt(() => call('deleteLabel', { number: phone.number, label: label.id }), `${label.name} is deleted`)
  item.append(
    element('span', { class: 'swatch', style: `background:${colorOf(label)}`, 'aria-hidden': 'true' }),
    element(
      'div',
      { class: 'grow' },
      element('strong', {}, label.name),
      chats.length === 0
        ? element('p', { class: 'soft' }, 'On no chat')
        : element(
            'ul',
            { class: 'chips', 'aria-label': `Chats with ${label.name}` },
            chats.map((chat) => chatChip(label, chat, phone)),
          ),
    ),
    element(
      'div',
      { class: 'acts' },
      act('Rename', () => rename(item, label, phone)),
      act('Delete', remove, true),
    ),
  )
  return item
}

function chatChip(label, chat, phone) {
  const takeOff = { number: phone.number, chat: chat.number, label: label.id, isOn: false }
  return element(
    'li',
    { class: 'chip' },
    element('button', { class: 'plain', onclick: () => go(phone.number, chat.number) }, chat.name),
    element(
      'button',
      {
        class: 'plain',
        'data-focus': `off ${label.id} ${chat.number}`,
        'aria-label': `Take ${label.name} off ${chat.name}`,
        onclick: () => attempt(() => call('labelChat', takeOff)),
      },
      '×',
    ),
  )
}

const rename = (item, label, phone) =>
  writeName(item, {
    label: 'New label name',
    name: label.name,
    save: async (name) => {
      const wanted = { number: phone.number, label: label.id, name }
      return (await attempt(() => call('renameLabel', wanted), 'Renamed')) !== undefined
    },
    close: () => {
      item.replaceChildren()
      void updateLabels(state.phones.find((each) => each.number === phone.number) ?? phone).then(() =>
        document.querySelector(`[data-focus="Rename ${label.id}"]`)?.focus(),
      )
    },
  })

export const colorOf = ({ color }) => `hsl(${(color * 67 + 150) % 360} 55% 45%)`

/** The names of some labels, as a row shows them. */
export function labelChips(labels, ids) {
  const on = labels.filter(({ id }) => ids.includes(id))
  if (on.length === 0) return null
  return element(
    'span',
    { class: 'chips' },
    on.map((label) =>
      element(
        'span',
        { class: 'chip' },
        element('span', { class: 'swatch', style: `background:${colorOf(label)}` }),
        label.name,
      ),
    ),
  )
}

/** One box to tick per label, for the chat that is open. */
export function drawChatLabels(box, phone, on) {
  const boxes = phone.labels.map((label) => {
    const input = element('input', {
      type: 'checkbox',
      checked: on.includes(label.id),
      'data-focus': `chat-label ${label.id}`,
      onchange: () =>
        attempt(() =>
          call('labelChat', { number: phone.number, chat: state.peer, label: label.id, isOn: input.checked }),
        ),
    })
    return element('label', { class: 'chip' }, input, ' ', label.name)
  })
  redraw(
    box,
    ...(boxes.length > 0 ? boxes : [element('p', { class: 'soft' }, 'No labels yet. Create one in the tab Labels.')]),
  )
}
