/** What is wrong with a session, in a person's words. No I/O. */
import type { AlertLevel } from '@/db/schema/entitlements'
import type { SessionStatus } from '@/db/schema/sessions'
import { describeSession } from '../message/message'
import { describeStatus } from '../session/session'

export type AlertKind = 'session_down' | 'session_slow' | 'still_linked'

export const kindOf = (level: AlertLevel): AlertKind => (level === 'red' ? 'session_down' : 'session_slow')

export function describeStillLinked(session: { label: string; phone: string | null }): string {
  return `${describeSession(session)}: WhatsApp could not be told that this device is given up. Remove it on the phone, under Linked devices.`
}

export function describeAlert(session: {
  label: string
  phone: string | null
  status: SessionStatus
  reason: string | null
}): string {
  return `${describeSession(session)}: ${describeStatus(session.status, session.reason)}`
}
