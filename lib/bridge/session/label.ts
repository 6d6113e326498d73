import { BridgeError } from '@/lib/errors'

export function labelTaken(label: string): BridgeError {
  return new BridgeError('label_taken', `Another session is already named "${label}". Choose a different name.`, {
    fields: { label: 'taken' },
  })
}
