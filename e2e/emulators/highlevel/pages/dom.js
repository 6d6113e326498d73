/** Makes an element: attributes, `on…` listeners, and children in one line. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else if (value === true) element.setAttribute(key, '')
    else element.setAttribute(key, String(value))
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false))
  return element
}

export async function control(method, path, body) {
  const sent = body ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}
  const response = await fetch(`/control/${path}`, { method, ...sent })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error)
  return answer
}

/** Calls back for every event the CRM records, also after the connection was lost. */
export function live(locationId, onEvent) {
  const source = new EventSource(`/control/stream${locationId ? `?locationId=${locationId}` : ''}`)
  let wasLost = false
  source.addEventListener('message', (event) => onEvent(JSON.parse(event.data)))
  source.addEventListener('error', () => (wasLost = true))
  source.addEventListener('open', () => wasLost && onEvent({ kind: 'reconnected' }))
}

/** Runs at most once per frame, with the last wish honoured. */
export function gently(act) {
  let isDue = false
  let isRunning = false
  const run = async () => {
    isDue = false
    isRunning = true
    await act()
    isRunning = false
    if (isDue) requestAnimationFrame(run)
  }
  return () => {
    if (isDue) return
    isDue = true
    if (!isRunning) requestAnimationFrame(run)
  }
}

/** Resolves when nothing is pressed: what is drawn anew under a pressed button loses the click. */
export const released = () => (isPressed ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve())
let isPressed = false
const waiting = []
// A list of choices keeps for itself that the mouse is let go.
window.addEventListener('pointerdown', ({ target }) => (isPressed = !target.closest('select')))
for (const end of ['pointerup', 'pointercancel', 'dragend'])
  window.addEventListener(end, () =>
    setTimeout(() => {
      isPressed = false
      for (const resolve of waiting.splice(0)) resolve()
    }),
  )

export const nameOf = (user) => `${user.firstName} ${user.lastName}`.trim()
export const roleOf = (user) =>
  `${user.type === 'agency' ? 'Agency' : 'Sub-account'} ${user.owner ? 'owner' : user.role === 'admin' ? 'admin' : 'user'}`
export const initials = (name) =>
  name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase()

function field({ label, options, ...input }) {
  if (input.type === 'checkbox') return h('label', { class: 'row' }, h('input', input), label)
  const choices = options?.map(([value, text]) => h('option', { value, selected: value === input.value }, text))
  return h(
    'label',
    { class: 'field' },
    label,
    choices ? h('select', { name: input.name }, ...choices) : h('input', input),
  )
}

/** Opens a form in a dialog; `submit` may throw, its message is shown and the dialog stays. */
export function ask(title, fields, action, submit) {
  const error = h('p', { class: 'error', role: 'alert' })
  const form = h(
    'form',
    {
      async onsubmit(event) {
        event.preventDefault()
        error.textContent = ''
        try {
          await submit(Object.fromEntries(new FormData(form)))
          dialog.close()
        } catch (failure) {
          error.textContent = failure.message
        }
      },
    },
    h('h2', { id: 'dialog-title' }, title),
    ...fields.map(field),
    error,
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Cancel'),
      h('button', { type: 'submit', class: 'button primary' }, action),
    ),
  )
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title', onclose: () => dialog.remove() }, form)
  document.body.append(dialog)
  dialog.showModal()
}
