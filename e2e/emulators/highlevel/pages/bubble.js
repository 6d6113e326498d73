import { h, nameOf } from './dom.js'

/** One message as a person sees it: text, files, and how far it got. */
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

export function whenText(at) {
  const date = new Date(at)
  return date.toDateString() === new Date().toDateString() ? clock.format(date) : day.format(date)
}

const TICKS = {
  pending: ['…', 'Pending'],
  sent: ['✓', 'Sent'],
  delivered: ['✓✓', 'Delivered'],
  read: ['✓✓', 'Read'],
  failed: ['⚠', 'Failed'],
}

function ticks(status) {
  const [sign, word] = TICKS[status] ?? ['', status]
  return h('span', { class: `ticks ${status}` }, h('span', { 'aria-hidden': 'true' }, `${sign} `), h('span', {}, word))
}

function attachment(url) {
  const name = decodeURIComponent(url.split('/').at(-1) ?? url)
  const isImage = /\.(png|jpe?g|gif|svg|webp)$/i.test(name)
  return h(
    'a',
    { href: url, target: '_blank', rel: 'noopener' },
    isImage ? h('img', { src: url, alt: name }) : `File: ${name}`,
  )
}

function authorOf(message, users) {
  if (message.direction === 'inbound') return undefined
  if (message.source === 'workflow') return 'Workflow'
  const user = users.find((one) => one.id === message.userId)
  if (user) return nameOf(user)
  return message.source === 'api' ? 'App' : undefined
}

const span = (text) => (text ? h('span', {}, text) : undefined)

export function bubble(message, users, retry) {
  const isOut = message.direction === 'outbound'
  const isNote = message.kind === 'comment'
  const isFailed = message.status === 'failed'
  const text = isNote ? message.body.replaceAll(/<userId>.*?<\/userId>/g, '') : message.body
  return h(
    'article',
    {
      class: ['bubble', isNote ? 'note' : isOut ? 'out' : 'in', isFailed ? 'failed' : ''].join(' '),
      'data-message': message.id,
      'data-status': message.status,
      'aria-label': isNote ? 'Internal note' : isOut ? 'Sent' : 'Received',
    },
    text ? h('div', { class: 'body' }, text) : undefined,
    ...message.attachments.map(attachment),
    isFailed ? h('p', { class: 'why' }, message.error?.message ?? 'This message was not delivered.') : undefined,
    isFailed ? h('button', { class: 'button', onclick: () => retry(message) }, 'Retry') : undefined,
    h(
      'div',
      { class: 'meta' },
      span(authorOf(message, users)),
      span(message.originalMessageId ? 'Second try' : undefined),
      h('time', { datetime: message.dateAdded }, whenText(message.dateAdded)),
      isOut && !isNote ? ticks(message.status) : undefined,
    ),
  )
}
