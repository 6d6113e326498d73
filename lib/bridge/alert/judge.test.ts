import { describe, expect, it } from 'vitest'
import type { AlertId, LocationId, SessionId } from '@/lib/ids'
import { judgeAlert, type AlertRow } from './judge'

const start = new Date('2026-03-01T10:00:00Z')
const minutes = (count: number) => new Date(start.getTime() + count * 60_000)
type Judged = Parameters<typeof judgeAlert>[0]
const session = (status: Judged['status'], more: Partial<Judged> = {}): Judged => ({
  ...{ status, reason: null, since: start, wanted: 'connected' },
  ...more,
})
const open = (more: Partial<AlertRow> = {}): AlertRow => ({
  ...{ id: 'a' as AlertId, locationId: 'l' as LocationId, sessionId: 's' as SessionId },
  ...{ level: 'red', status: 'logged_out', reason: 'phone_unlinked', since: start },
  ...{ raisedAt: start, told: 1, dueAt: minutes(60), resolvedAt: null },
  ...more,
})
const watched = open({
  level: 'amber',
  status: 'reconnecting',
  reason: 'network',
  raisedAt: null,
  told: 0,
  dueAt: minutes(5),
})

describe('trouble', () => {
  it.each([
    ['unlinked on the phone', session('logged_out', { reason: 'phone_unlinked', wanted: 'closed' }), 'raise'],
    ['banned', session('banned', { wanted: 'closed' }), 'raise'],
    ['failed', session('failed', { reason: 'retries_exhausted', wanted: 'closed' }), 'raise'],
    ['another number scanned', session('logged_out', { reason: 'paired_number_mismatch' }), 'raise'],
    ['reconnecting', session('reconnecting', { reason: 'network' }), 'watch'],
    ['starting', session('starting'), 'watch'],
    ['connected', session('connected'), 'nothing'],
    ['never linked', session('created'), 'nothing'],
    ['nobody scanned', session('logged_out', { reason: 'pairing_timeout' }), 'nothing'],
    ['stopped by a person', session('stopped', { reason: 'user_stop', wanted: 'closed' }), 'nothing'],
    ['logged out by a person', session('logged_out', { reason: 'user_logout', wanted: 'unlinked' }), 'nothing'],
    ['being deleted', session('logged_out', { wanted: 'removed' }), 'nothing'],
    ['not paid for', session('suspended', { reason: 'entitlement' }), 'nothing'],
  ])('%s', (_, given, expected) => {
    expect(judgeAlert(given, null, minutes(0)).do).toBe(expected)
  })

  it('that passes within five minutes is nobody’s business, however often its reason changes', () => {
    expect(judgeAlert(session('reconnecting', { since: minutes(4) }), watched, minutes(4)).do).toBe('nothing')
    expect(judgeAlert(session('connected'), watched, minutes(4.9)).do).toBe('forget')
    expect(judgeAlert(session('reconnecting', { since: minutes(4) }), watched, minutes(5))).toMatchObject({
      ...{ do: 'raise', level: 'amber', since: start, tell: true },
    })
  })

  it('that has lasted when it is seen for the first time is told of at once', () => {
    expect(judgeAlert(session('reconnecting'), null, minutes(4.9)).do).toBe('watch')
    expect(judgeAlert(session('reconnecting'), null, minutes(6))).toMatchObject({
      ...{ do: 'raise', level: 'amber', since: start, tell: true, dueAt: minutes(66) },
    })
  })

  it('is not that nobody scanned the code somebody had asked for', () => {
    const scanning = open({ level: 'amber', status: 'awaiting_link', reason: null, raisedAt: null, dueAt: minutes(5) })
    const given = session('created', { reason: 'pairing_timeout', since: minutes(3), wanted: 'closed' })
    expect(judgeAlert(given, scanning, minutes(3)).do).toBe('forget')
    expect(judgeAlert(given, scanning, minutes(6)).do).toBe('forget')
  })

  it('that needs somebody at once does not wait for the five minutes', () => {
    expect(judgeAlert(session('failed', { since: minutes(2) }), watched, minutes(2))).toMatchObject({
      ...{ do: 'raise', level: 'red', since: minutes(2) },
    })
  })

  it('is told again after an hour and after a day, then not any more', () => {
    const still = session('logged_out', { reason: 'phone_unlinked', wanted: 'closed' })
    expect(judgeAlert(still, open(), minutes(59)).do).toBe('nothing')
    const second = judgeAlert(still, open(), minutes(60))
    expect(second).toMatchObject({ do: 'change', tell: true, told: 2, dueAt: minutes(24 * 60) })
    const third = judgeAlert(still, open({ told: 2, dueAt: minutes(24 * 60) }), minutes(24 * 60))
    expect(third).toMatchObject({ do: 'change', tell: true, told: 3, dueAt: null })
    expect(judgeAlert(still, open({ told: 3, dueAt: null }), minutes(9999)).do).toBe('nothing')
  })

  it('that gets worse is told at once and counted anew', () => {
    const slow = open({ level: 'amber', status: 'reconnecting', told: 2, dueAt: minutes(24 * 60) })
    expect(judgeAlert(session('logged_out', { reason: 'phone_unlinked' }), slow, minutes(90))).toMatchObject({
      ...{ do: 'change', level: 'red', tell: true, told: 1, dueAt: minutes(150) },
    })
  })

  it('somebody is working on stays, untold, until it is over or they give up', () => {
    expect(judgeAlert(session('awaiting_link', { since: minutes(3) }), open(), minutes(3))).toMatchObject({
      ...{ do: 'change', level: 'red', tell: false, told: 1 },
    })
    const scanning = open({ status: 'awaiting_link', reason: null })
    expect(judgeAlert(session('logged_out', { reason: 'pairing_timeout' }), scanning, minutes(6))).toMatchObject({
      ...{ do: 'change', level: 'red', tell: false },
    })
    expect(judgeAlert(session('connected'), scanning, minutes(6))).toEqual({ do: 'resolve', tellBack: true })
  })

  it.each([
    session('stopped', { reason: 'user_stop', wanted: 'closed' }),
    session('logged_out', { reason: 'user_logout', wanted: 'unlinked' }),
    session('failed', { wanted: 'removed' }),
    session('suspended', { reason: 'entitlement' }),
  ])('ends without a word when somebody wants it so: $status', (given) => {
    expect(judgeAlert(given, open(), minutes(3))).toEqual({ do: 'resolve', tellBack: false })
    expect(judgeAlert(given, watched, minutes(3)).do).toBe('forget')
  })
})
