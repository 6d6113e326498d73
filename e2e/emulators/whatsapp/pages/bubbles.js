// One message as a person sees it.
import { attempt, call, element, state, timeOf } from '/screen.js'

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

export function textOfBubble(bubble) {
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

export function bubbleView(bubble, bubbles, about) {
  const quoted = bubble.quotedId && bubbles.find((other) => other.id === bubble.quotedId)
  const classes = [
    'bubble',
    bubble.direction,
    bubble.reaction && 'reacted',
    (bubble.status === 'waiting' || bubble.deleted) && 'waiting',
  ]
  const { id } = bubble
  const tool = (label, work) =>
    element('button', { type: 'button', 'data-focus': `${label} ${id}`, onclick: work }, label)
  const tools = [
    tool('Reply', () => about(bubble, null)),
    tool('Like', () =>
      attempt(() =>
        call('react', { number: state.number, to: state.peer, id, emoji: bubble.reaction === '👍' ? '' : '👍' }),
      ),
    ),
    bubble.direction === 'out' && bubble.kind === 'text' && tool('Edit', () => about(null, bubble)),
    bubble.direction === 'out' &&
      tool('Delete', () => attempt(() => call('delete', { number: state.number, to: state.peer, id }))),
  ]
  return element(
    'li',
    { class: classes.filter(Boolean).join(' '), tabIndex: 0, 'data-focus': id },
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
