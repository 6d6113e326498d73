/** What arrives that is not plain text becomes one line a person can read in the CRM. Pure. */
import type { Content } from '@/lib/channel/channel'

const mediaWords = {
  image: 'a picture',
  video: 'a video',
  audio: 'a voice message',
  document: 'a file',
  sticker: 'a sticker',
} as const

/** By what the channel says; another reason says nothing to a person. */
const unreadableBecause: Record<string, string> = {
  undecryptable: ', because it could not be decrypted',
  malformed: ', because it is damaged',
  unavailable: ', because WhatsApp shows it on the phone only',
  absent: ', because it came without its content',
}

/** `quotedTarget`: the text a reaction, edit or deletion refers to, where we still have it. */
export function contentText(content: Content, at: Date, quotedTarget: string | null): string {
  switch (content.kind) {
    case 'text':
      return content.quoted ? `> ${shorten(content.quoted, 120)}\n${content.text}` : content.text
    case 'location':
      return [
        content.name ?? 'Location',
        content.address,
        `https://maps.google.com/?q=${content.latitude},${content.longitude}`,
      ]
        .filter(Boolean)
        .join('\n')
    case 'contacts':
      return (
        content.contacts
          .map(({ name, phones }) => [name, ...phones].filter(Boolean).join('\n'))
          .filter(Boolean)
          .join('\n\n') || 'Sent a contact without a name or a number.'
      )
    case 'reaction':
      if (!content.emoji)
        return quotedTarget ? `Removed a reaction from: ${shorten(quotedTarget, 60)}` : 'Removed a reaction'
      return quotedTarget ? `Reacted ${content.emoji} to: ${shorten(quotedTarget, 60)}` : `Reacted ${content.emoji}`
    case 'edit':
      return `Edited: ${content.text}`
    case 'deletion':
      return 'Deleted a message'
    case 'call':
      return `Missed WhatsApp ${content.video ? 'video ' : ''}call at ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
    case 'poll':
      return [content.question, ...content.options.map((option, index) => `${index + 1}. ${option}`)].join('\n')
    case 'choice':
      return content.label
    case 'group-invite':
      return content.subject ? `Invitation to the group ${content.subject}` : 'Invitation to a group'
    case 'media':
      return [
        `Sent ${mediaWords[content.media]}${content.fileName ? ` (${content.fileName})` : ''}. Open the phone to see it.`,
        content.caption,
      ]
        .filter(Boolean)
        .join('\n')
    case 'view-once':
      return 'Sent something to be seen once. Open the phone to see it.'
    case 'unreadable':
      return `A WhatsApp message could not be read${unreadableBecause[content.reason] ?? ''}. Open the phone to see it.`
    case 'unsupported':
      return 'Unsupported WhatsApp message, open the phone'
  }
}

/** The words of a content another message may refer to. */
export function ownWords(content: Content): string | null {
  if (content.kind === 'text' || content.kind === 'edit') return content.text
  if (content.kind === 'media') return content.caption ?? mediaWords[content.media]
  if (content.kind === 'poll') return content.question
  return null
}

export function targetOf(content: Content): string | null {
  return 'target' in content ? content.target : null
}

function shorten(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const characters = [...line]
  return characters.length > limit ? `${characters.slice(0, limit).join('')}…` : line
}
