// The line above a phone's screen: who it is, under which name others see it, and whether it is online.
import { attempt, avatar, call, element, go, plus, redraw } from '/screen.js'

export function profileHead(head, phone) {
  const turn = () => attempt(() => call(phone.isOnline ? 'goOffline' : 'goOnline', { number: phone.number }))
  redraw(
    head,
    element('button', { class: 'icon only-narrow', 'aria-label': 'All phones', onclick: () => go('') }, '←'),
    avatar(phone.name, phone.number, phone.isOnline),
    element(
      'div',
      { class: 'grow' },
      element('h2', {}, phone.name),
      element('p', { class: 'soft' }, `${plus(phone.number)}${phone.hasLabels ? ' · Business' : ''}`),
    ),
    element(
      'button',
      {
        class: 'icon',
        'aria-label': 'Edit profile name',
        title: 'Edit profile name',
        'data-focus': 'edit-name',
        onclick: () => editName(head, phone),
      },
      '✎',
    ),
    element(
      'button',
      { class: 'button', 'data-focus': 'online', onclick: turn },
      phone.isOnline ? 'Go offline' : 'Go online',
    ),
  )
}

function editName(head, phone) {
  const name = element('input', {
    type: 'text',
    value: phone.name,
    required: true,
    maxLength: 25,
    'aria-label': 'Profile name',
  })
  const close = (named) => {
    head.replaceChildren()
    profileHead(head, { ...phone, name: named })
    head.querySelector('[data-focus="edit-name"]')?.focus()
  }
  const submit = async (event) => {
    event.preventDefault()
    const wanted = name.value.trim()
    const done = await attempt(() => call('setName', { number: phone.number, name: wanted }), 'Name changed')
    if (done !== undefined) close(wanted)
  }
  head.replaceChildren(
    element(
      'form',
      { class: 'beside grow', onsubmit: submit, onkeydown: (event) => event.key === 'Escape' && close(phone.name) },
      name,
      element('button', { class: 'button primary', type: 'submit' }, 'Save'),
      element('button', { class: 'button', type: 'button', onclick: () => close(phone.name) }, 'Cancel'),
    ),
  )
  name.select()
}
