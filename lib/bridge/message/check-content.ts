/** Why a message cannot be sent, whichever session is chosen. No I/O. */
import type { Failure } from './message'

export function contentFailure(message: { attachments: readonly string[] }, text: string): Failure | null {
  if (message.attachments.length > 0) {
    return {
      code: 'unsupported',
      message: 'Not sent: files cannot be sent on WhatsApp from here yet. Send the text without the file.',
    }
  }
  if (text.trim() === '') {
    return {
      code: 'empty_after_codes',
      message: 'Not sent: the message has no text besides its codes. Write something to send.',
    }
  }
  return null
}

export function personFailure(person: { dnd: boolean | null }): Failure | null {
  if (!person.dnd) return null
  return {
    code: 'dnd',
    message: 'Not sent: the contact does not want to be disturbed. Change "Do not disturb" on the contact to write.',
  }
}

export const noNumber: Failure = {
  code: 'invalid_number',
  message: 'Not sent: the contact has no phone number that can be on WhatsApp. Add one to the contact.',
}
