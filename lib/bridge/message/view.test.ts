import { expect, test } from 'vitest'
import type { MessageStatus } from '@/db/schema/messages'
import { sessionStatuses } from '../session/session'
import { shownStatus, waitingReason } from './view'

test('whatever has not ended says why it waits, on a session of any status', () => {
  for (const status of sessionStatuses) {
    const session = { label: 'Sales', phone: null, status }
    for (const stored of ['received', 'queued', 'sending'] satisfies MessageStatus[]) {
      const shown = shownStatus(stored, status)
      const reason = waitingReason({ status: stored, readBack: null, direction: 'outbound' }, shown, session)
      // On its way at this moment: there is nothing to wait for.
      if (stored === 'sending' && status === 'connected') expect(reason).toBeNull()
      else expect(reason, `${stored} on ${status}`).toMatch(/[a-z]\.$/)
    }
  }
})
