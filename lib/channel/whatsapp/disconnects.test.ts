import { describe, expect, test } from 'vitest'
import { backoff, createPast, decide, type Ending, type Past, type Verdict } from './disconnects'
import { productionTimings } from './timings'

const limits = productionTimings
const said = (code: number, more: Partial<Ending> = {}): Ending => ({
  code,
  transport: false,
  qrExhausted: false,
  banSeconds: null,
  ...more,
})
const past = (more: Partial<Past> = {}): Past => ({
  failures: 0,
  failingForMs: 0,
  replacements: 1,
  badSessions: 1,
  ...more,
})
const half = () => 0.5

describe('what a linked session does after each ending', () => {
  const hour = 3_600_000
  const cases: [string, Ending, Past, Verdict][] = [
    ['515 restart', said(515), past({ failures: 9, failingForMs: 48 * hour }), { do: 'restart' }],
    ['408 lost', said(408), past(), { do: 'retry', afterMs: 500, reason: 'network' }],
    ['428 closed', said(428), past({ failures: 3 }), { do: 'retry', afterMs: 4000, reason: 'network' }],
    ['503 unavailable', said(503), past(), { do: 'retry', afterMs: 500, reason: 'whatsapp_unavailable' }],
    ['unknown', said(999), past(), { do: 'retry', afterMs: 500, reason: 'whatsapp_unavailable' }],
    ['backoff has a ceiling', said(428), past({ failures: 40 }), { do: 'retry', afterMs: 150_000, reason: 'network' }],
    [
      'a day without success',
      said(428),
      past({ failingForMs: 24 * hour }),
      { do: 'stop', state: 'failed', reason: 'retries_exhausted', forget: false },
    ],
    ['440 first', said(440), past(), { do: 'retry', afterMs: 30_000, reason: 'connection_replaced' }],
    [
      '440 second',
      said(440),
      past({ replacements: 2 }),
      { do: 'retry', afterMs: 30_000, reason: 'connection_replaced' },
    ],
    [
      '440 third in ten minutes',
      said(440),
      past({ replacements: 3 }),
      { do: 'stop', state: 'failed', reason: 'connection_replaced', forget: false },
    ],
    ['500 once', said(500), past(), { do: 'retry', afterMs: 500, reason: 'whatsapp_unavailable' }],
    [
      '500 three times',
      said(500),
      past({ badSessions: 3 }),
      { do: 'stop', state: 'logged_out', reason: 'bad_credentials', forget: true },
    ],
    ['401', said(401), past(), { do: 'stop', state: 'logged_out', reason: 'phone_unlinked', forget: true }],
    ['419', said(419), past(), { do: 'stop', state: 'logged_out', reason: 'phone_unlinked', forget: true }],
    ['403', said(403), past(), { do: 'stop', state: 'banned', reason: 'account_refused', forget: false }],
    ['406', said(406), past(), { do: 'stop', state: 'banned', reason: 'account_refused', forget: false }],
    ['405', said(405), past(), { do: 'stop', state: 'failed', reason: 'client_outdated', forget: false }],
    ['409', said(409), past(), { do: 'stop', state: 'failed', reason: 'client_outdated', forget: false }],
    ['411', said(411), past(), { do: 'stop', state: 'failed', reason: 'client_outdated', forget: false }],
    [
      '402 with a term',
      said(402, { banSeconds: 600 }),
      past(),
      { do: 'stop', state: 'banned', reason: 'temporary_ban', forget: false, afterMs: 645_000 },
    ],
    [
      'a proxy that answers 403 to the upgrade is no ban',
      said(403, { transport: true }),
      past(),
      { do: 'retry', afterMs: 500, reason: 'whatsapp_unavailable' },
    ],
    [
      'a proxy that answers 401 to the upgrade logs nobody out',
      said(401, { transport: true }),
      past(),
      { do: 'retry', afterMs: 500, reason: 'whatsapp_unavailable' },
    ],
  ]
  test.each(cases)('%s', (_name, ending, before, verdict) => {
    expect(decide(ending, true, before, limits, half)).toEqual(verdict)
  })
})

test('used-up QRs are renewed, and only while nobody is linked', () => {
  const ending = said(408, { qrExhausted: true })
  expect(decide(ending, false, past(), limits, half)).toEqual({ do: 'renew' })
  expect(decide(ending, true, past(), limits, half)).toMatchObject({ do: 'retry' })
})

test('the backoff spreads over its whole range', () => {
  expect(backoff(0, limits, () => 0)).toBe(0)
  expect(backoff(0, limits, () => 0.999)).toBeLessThan(1000)
  expect(backoff(8, limits, () => 0.999)).toBeGreaterThan(250_000)
  expect(backoff(1000, limits, () => 0.999)).toBeLessThan(300_000)
})

test('the real durations are the documented ones', () => {
  expect(productionTimings).toMatchObject({
    pairingWindowMs: 180_000,
    qrMs: null,
    ackWaitMs: 75_000,
    keepAliveMs: 30_000,
    backoffMinMs: 1000,
    backoffMaxMs: 300_000,
    stableMs: 60_000,
    giveUpMs: 86_400_000,
    replacedWaitMs: 30_000,
    replacedWindowMs: 600_000,
    databaseWaitMs: 10_000,
    unlinkMs: 5000,
  })
})

describe('what is remembered of the endings before', () => {
  test('failures count until a connection has been stable for a minute', () => {
    const kept = createPast(limits)
    kept.ended(said(428), null, 0)
    expect(kept.failed()).toBe(1)
    expect(kept.ended(said(428), 59_000, 60_000)).toMatchObject({ failures: 1, failingForMs: 60_000 })
    expect(kept.failed()).toBe(2)
    expect(kept.ended(said(428), 60_000, 130_000)).toMatchObject({ failures: 0, failingForMs: 0 })
    expect(kept.failed()).toBe(1)
  })

  test('a restart WhatsApp asks for is no failure', () => {
    const kept = createPast(limits)
    expect(kept.ended(said(515), null, 5)).toMatchObject({ failures: 0, failingForMs: 0 })
    expect(kept.ended(said(428), null, 90_000)).toMatchObject({ failingForMs: 0 })
  })

  test('replacements count for ten minutes, bad sessions in a row', () => {
    const kept = createPast(limits)
    expect(kept.ended(said(440), null, 0).replacements).toBe(1)
    expect(kept.ended(said(440), null, 599_999).replacements).toBe(2)
    expect(kept.ended(said(440), null, 600_000).replacements).toBe(2)
    expect(kept.ended(said(500), null, 600_001).badSessions).toBe(1)
    expect(kept.ended(said(500), null, 600_002).badSessions).toBe(2)
    expect(kept.ended(said(500, { transport: true }), null, 600_003).badSessions).toBe(0)
  })
})
