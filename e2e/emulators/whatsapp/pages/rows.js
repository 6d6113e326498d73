// What the screens of a phone are made of: cards one below the other, the buttons of a row, a name written in its place.
import { element } from '/screen.js'

export const cards = (...all) => element('div', { class: 'scroll' }, element('div', { class: 'devices' }, all))

/** A button of one row. The key finds it again when the list is drawn anew. */
export const rowButton = (key, name, label, onclick, isDangerous = false) =>
  element(
    'button',
    {
      class: isDangerous ? 'button danger' : 'button',
      'data-focus': `${label} ${key}`,
      'aria-label': `${label} ${name}`,
      onclick,
    },
    label,
  )

/** A form where the name stands. `save` says whether it was kept; `close` gets the name kept, or nothing. */
export function writeName(place, { label, name, maxLength, save, close }) {
  const input = element('input', { type: 'text', value: name, required: true, maxLength, 'aria-label': label })
  const submit = async (event) => {
    event.preventDefault()
    const wanted = input.value.trim()
    if (await save(wanted)) close(wanted)
  }
  place.replaceChildren(
    element(
      'form',
      { class: 'beside grow', onsubmit: submit, onkeydown: (event) => event.key === 'Escape' && close() },
      input,
      element('button', { class: 'button primary', type: 'submit' }, 'Save'),
      element('button', { class: 'button', type: 'button', onclick: () => close() }, 'Cancel'),
    ),
  )
  input.select()
}
