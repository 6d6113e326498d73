/** Every duration of the channel; composed, so that suites can shorten them. */
export interface WhatsAppTimings {
  /** How long a person has to scan or type, from the first QR on. */
  pairingWindowMs: number
  /** The life of one QR; null: what WhatsApp's clients do, 60 s for the first and 20 s for each after it. */
  qrMs: number | null
  /** From the frame's leaving to giving up on the network's word for it. */
  ackWaitMs: number
  connectTimeoutMs: number
  /** From the socket's start to a QR or a login. */
  loginTimeoutMs: number
  keepAliveMs: number
  queryTimeoutMs: number
  backoffMinMs: number
  backoffMaxMs: number
  /** A connection this old wipes out the failures before it. */
  stableMs: number
  giveUpMs: number
  replacedWaitMs: number
  replacedWindowMs: number
  replacementsAllowed: number
  badSessionsAllowed: number
  /** How long a write waits for the database before the socket is closed. */
  databaseWaitMs: number
  hearRetryMinMs: number
  hearRetryMaxMs: number
  unlinkMs: number
  closeMs: number
  /** A message nobody could read again in this time is heard as unreadable. */
  unreadableAfterMs: number
  /** How long heard rows answer redeliveries. */
  keepHeardMs: number
  retryRequestDelayMs: number
  /** WhatsApp announces changes of devices, so a long life only saves needless new sessions. */
  deviceCacheMs: number
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute

export const productionTimings: WhatsAppTimings = {
  pairingWindowMs: 3 * minute,
  qrMs: null,
  ackWaitMs: 75 * second,
  connectTimeoutMs: 20 * second,
  loginTimeoutMs: 60 * second,
  keepAliveMs: 30 * second,
  queryTimeoutMs: 60 * second,
  backoffMinMs: second,
  backoffMaxMs: 5 * minute,
  stableMs: minute,
  giveUpMs: 24 * hour,
  replacedWaitMs: 30 * second,
  replacedWindowMs: 10 * minute,
  replacementsAllowed: 3,
  badSessionsAllowed: 3,
  databaseWaitMs: 10 * second,
  hearRetryMinMs: 200,
  hearRetryMaxMs: 10 * second,
  unlinkMs: 5 * second,
  closeMs: 5 * second,
  unreadableAfterMs: 5 * minute,
  keepHeardMs: 72 * hour,
  retryRequestDelayMs: 250,
  deviceCacheMs: 24 * hour,
}
