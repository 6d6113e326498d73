import type { Phone } from '../phone'
import { PhoneError, type World } from '../world'
import type { StateOwner } from './app-state'
import type { Change } from './patch'

const MOST_NAME_LENGTH = 25

export function profileNameChange(name: string): Change {
  return { operation: 'set', index: ['setting_pushName'], value: { pushNameSetting: { name } }, version: 1 }
}

export function checkedProfileName(name: string): string {
  const trimmed = name.trim()
  if (trimmed === '') throw new PhoneError('The profile needs a name.')
  if (trimmed.length > MOST_NAME_LENGTH) {
    throw new PhoneError(`A profile name has ${MOST_NAME_LENGTH} characters at most.`)
  }
  return trimmed
}

/** What a phone has to share, and where in it a device's changes belong. */
export function sharedBy(world: World, phone: Phone): StateOwner {
  return {
    everything: () => [
      ['critical_block', [profileNameChange(phone.name)]],
      ['critical_unblock_low', phone.book.changesOf()],
      ['regular', phone.labels.everything()],
    ],
    hear(by, change) {
      switch (change.index[0]) {
        case 'contact':
          return phone.book.hear(by, change)
        case 'label_edit':
        case 'label_jid':
          return phone.labels.hear(by, change)
        case 'setting_pushName': {
          const name = change.value.pushNameSetting?.name
          if (!name) return
          phone.name = name
          world.history.add('renamed', { phone: phone.number, name, by })
          return
        }
        default:
          // Pins, mutes and the like are kept and passed on; this phone shows none of them.
          world.history.add('app-state-kept', { phone: phone.number, index: change.index, by })
      }
    },
  }
}
