/** A message's life and the reasons it can fail, without I/O. */

export const messageStatuses = ['received', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed'] as const

/** Failure codes outsiders may rely on. */
export const failureCodes = [
  'no_session',
  'session_not_found',
  'session_down',
  'session_down_timeout',
  'session_stopped',
  'session_unpaid',
  'not_on_whatsapp',
  'invalid_number',
  'dnd',
  'empty_after_codes',
  'bad_code',
  'unsupported',
  'media_unreachable',
  'media_too_large',
  'not_in_group',
  'rate_capped',
  'expired',
  'rejected_by_whatsapp',
  'internal',
] as const
export type FailureCode = (typeof failureCodes)[number]

export interface Failure {
  code: FailureCode
  /** Shown in the CRM's bubble: what did not happen, and what to do next. */
  message: string
}

/** "Support (+34 600 000 000)", or the label alone while no number is linked. */
export function describeSession(session: { label: string; phone: string | null }): string {
  return session.phone ? `${session.label} (${session.phone})` : session.label
}
