// What every part of the page draws with: the state, elements, and calls to the control API.

export const state = {
  phones: [],
  number: null,
  tab: 'chats',
  peer: null,
  isAdding: false,
  isLabelling: false,
  replyTo: null,
  editing: null,
}

export function element(tag, props = {}, ...children) {
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

export async function call(verb, input) {
  const response = await fetch(`/control/${verb}`, { method: 'POST', body: JSON.stringify(input) })
  const body = await response.json()
  if (!response.ok) throw new Error(body.error)
  return body
}

let noticeTimer
export function notice(text) {
  const box = document.getElementById('notice')
  box.textContent = text
  box.classList.add('shown')
  clearTimeout(noticeTimer)
  noticeTimer = setTimeout(() => box.classList.remove('shown'), 3500)
}

/** Does something a person asked for and says so when it fails. */
export async function attempt(work, done) {
  try {
    const result = await work()
    if (done) notice(done)
    return result
  } catch (error) {
    notice(error.message)
    return undefined
  }
}

/** Draws a list anew without taking the focus from who works in it by keyboard. */
export function redraw(list, ...rows) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined
  list.replaceChildren(...rows)
  if (key) list.querySelector(`[data-focus="${CSS.escape(key)}"]`)?.focus()
}

/** Whether somebody is writing in there, which drawing it anew would undo. */
export const isEditingIn = (list) => list.querySelector('form') !== null

export const current = () => state.phones.find((phone) => phone.number === state.number)
export const chatOf = (phone) => phone?.chats.find((chat) => chat.with === state.peer)
export const plus = (number) => `+${number}`
export const timeOf = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })

export function avatar(name, number, isOnline) {
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

export function go(number, peer = null, tab = 'chats') {
  Object.assign(state, { replyTo: null, editing: null, isLabelling: false })
  location.hash = [number, tab === 'chats' ? null : tab, peer].filter(Boolean).join('/')
}
