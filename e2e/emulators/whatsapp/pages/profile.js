// The line above a phone's screen: who it is, under which name others see it, and whether it is online.
import { writeName } from '/rows.js'
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

const editName = (head, phone) =>
  writeName(head, {
    label: 'Profile name',
    name: phone.name,
    maxLength: 25,
    save: async (name) =>
      (await attempt(() => call('setName', { number: phone.number, name }), 'Name changed')) !== undefined,
    close: (name = phone.name) => {
      head.replaceChildren()
      profileHead(head, { ...phone, name })
      head.querySelector('[data-focus="edit-name"]')?.focus()
    },
  })
