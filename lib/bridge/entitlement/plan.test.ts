import { describe, expect, it } from 'vitest'
import type { LocationId, SessionId } from '@/lib/ids'
import { afterEnd, isNothing, planSettlement, type EntitlementRow, type Facts } from './plan'
import { bannerOf, describeStanding, standingOf } from './standing'

const hour = 3_600_000
const day = 24 * hour
const start = new Date('2026-03-01T10:00:00Z')
const at = (days: number, hours = 0) => new Date(start.getTime() + days * day + hours * hour)
const trial = { trialStartedAt: start, trialEndsAt: at(5), trialBy: 'this' as const }
const locationId = 'loc' as LocationId

const row = (more: Partial<EntitlementRow> = {}): EntitlementRow => ({
  ...{ locationId, ...trial, endedAt: null, told: null, warnings: 0, warnedAt: null },
  ...more,
})
const session = (priority: number, more: Partial<Facts['sessions'][number]> = {}): Facts['sessions'][number] => ({
  ...{ id: `s${priority}` as SessionId, priority, status: 'connected', isLinked: true, connectedAt: start },
  ...{ locationId, phone: null, suspendedAt: null, hungUpAt: null },
  ...more,
})
const plan = (now: Date, more: Partial<Facts> = {}) =>
  planSettlement({ locationId, row: row(), paid: null, maxSessions: 5, sessions: [session(1)], ...more }, now)
const ended = (more: Partial<EntitlementRow> = {}) =>
  row({ endedAt: at(5), told: `ended 0 ${at(5).toISOString()}`, ...more })
const suspended = session(1, { status: 'suspended', suspendedAt: at(5) })

describe('how a sub-account stands', () => {
  it.each([
    ['no connection yet', null, null, at(0), 'unstarted', null],
    ['first day', trial, null, at(0), 'trial', at(5)],
    ['a moment before the end', trial, null, new Date(at(5).getTime() - 1), 'trial', at(5)],
    ['at the end', trial, null, at(5), 'ended', at(5)],
    ['granted without end', trial, { from: at(6), until: null }, at(9), 'granted', null],
    ['granted for a while', trial, { from: at(6), until: at(8) }, at(7), 'granted', at(8)],
    ['grant over', trial, { from: at(6), until: at(8) }, at(9), 'ended', at(8)],
    ['grant over within the trial', trial, { from: at(1), until: at(2) }, at(3), 'trial', at(5)],
    ['grant over, never a trial', null, { from: at(0), until: at(2) }, at(3), 'unstarted', null],
  ])('%s', (_, given, paid, now, state, endsAt) => {
    expect(standingOf(given, paid, now)).toMatchObject({ state, endsAt })
  })

  it('is on every page from the third day on', () => {
    const banner = (now: Date) => bannerOf(standingOf(trial, null, now), now)
    expect(banner(at(1, 23))).toBeNull()
    expect(banner(at(2))).toBe('The trial ends in 3 days. Afterwards messages are not sent until somebody pays.')
    expect(banner(at(4, 20))).toContain('in 4 hours')
    expect(banner(at(5))).toContain('Payment is needed')
  })

  it('says so when a number brought the beginning of its trial along', () => {
    const now = at(6)
    const standing = standingOf({ ...trial, trialBy: 'number' }, null, now)
    expect(describeStanding(standing, now)).toContain('each number has one trial')
    expect(bannerOf(standing, now)).toContain('already had its trial')
  })
})

describe('what is due', () => {
  it('is nothing in the first days', () => {
    expect(isNothing(plan(at(2)))).toBe(true)
  })

  it.each([
    ['two days before', at(3), 'ends', 1],
    ['one day before', at(4), 'ends', 2],
    ['at the end', at(5), 'ended', 0],
  ])('to tell %s, once', (_, now, what, nth) => {
    const first = plan(now)
    expect(first.tell).toMatchObject({ what })
    expect(first.change?.told).toBe(`${what} ${nth} ${at(5).toISOString()}`)
    const again = plan(now, { row: row({ ...first.change }), sessions: now >= at(5) ? [suspended] : [session(1)] })
    expect(isNothing(again)).toBe(true)
  })

  it('is not what a worker was too late for', () => {
    expect(plan(at(6)).tell?.what).toBe('ended')
  })

  it('is to tell nobody of sessions there are none of', () => {
    expect(plan(at(6), { sessions: [] }).tell).toBeNull()
  })

  it('is suspension at the end, hanging up 72 hours later, and everything back with a grant', () => {
    expect(plan(at(5))).toMatchObject({ suspend: ['s1'], hangUp: [], suspendedSince: at(5) })
    expect(isNothing(plan(at(7, 23), { row: ended(), sessions: [suspended] }))).toBe(true)
    expect(plan(at(8), { row: ended(), sessions: [suspended] }).hangUp).toEqual(['s1'])
    const hungUp = { ...suspended, hungUpAt: at(8) }
    expect(isNothing(plan(at(9), { row: ended(), sessions: [hungUp] }))).toBe(true)
    const granted = plan(at(9), { row: ended(), sessions: [hungUp], paid: { from: at(9), until: null } })
    expect(granted).toMatchObject({ resume: ['s1'], change: { endedAt: null } })
  })

  it('is suspension of the highest priorities beyond the allowance, and never their erasure', () => {
    const three = [session(1), session(4), session(2)]
    const paid = { from: at(0), until: null }
    expect(plan(at(6), { paid, maxSessions: 2, sessions: three }).suspend).toEqual(['s4'])
    const after = [session(1), session(2), session(4, { status: 'suspended', suspendedAt: at(6), hungUpAt: at(9) })]
    expect(isNothing(plan(at(99), { paid, maxSessions: 2, sessions: after }))).toBe(true)
    expect(plan(at(99), { paid, maxSessions: 3, sessions: after }).resume).toEqual(['s4'])
  })

  it('is erasure after 30 days and two warnings a day apart', () => {
    const hungUp = { ...suspended, hungUpAt: at(8) }
    const asOf = (now: Date, given: Partial<EntitlementRow>) => plan(now, { row: ended(given), sessions: [hungUp] })
    expect(isNothing(asOf(at(27), {}))).toBe(true)
    const first = asOf(at(28), {})
    expect(first).toMatchObject({ tell: { what: 'erasure', at: at(35) }, change: { warnings: 1 }, erase: [] })
    expect(isNothing(asOf(at(33), first.change!))).toBe(true)
    const second = asOf(at(34), first.change!)
    expect(second).toMatchObject({ tell: { what: 'erasure', at: at(35) }, change: { warnings: 2 }, erase: [] })
    expect(isNothing(asOf(at(34, 23), second.change!))).toBe(true)
    expect(asOf(at(35), second.change!).erase).toEqual(['s1'])
  })

  it('is a first warning, however late: no erasure before the second is a day old', () => {
    const hungUp = { ...suspended, hungUpAt: at(8) }
    const first = plan(at(60), { row: ended(), sessions: [hungUp] })
    expect(first).toMatchObject({ erase: [], change: { warnings: 1 }, tell: { at: at(62) } })
    const soon = plan(at(60, 23), { row: ended(first.change!), sessions: [hungUp] })
    expect(isNothing(soon)).toBe(true)
    const second = plan(at(61), { row: ended(first.change!), sessions: [hungUp] })
    expect(second).toMatchObject({ erase: [], change: { warnings: 2 }, tell: { at: at(62) } })
    expect(plan(at(62), { row: ended({ ...first.change, ...second.change }), sessions: [hungUp] }).erase).toEqual([
      's1',
    ])
  })

  it('after an end is counted from when it was known, and a late warning moves the last of it', () => {
    const asOf = (now: Date, given: EntitlementRow) => afterEnd(standingOf(given, null, now), given, now)
    expect(asOf(at(4), row())).toBeNull()
    expect(asOf(at(6), row())).toEqual({ hearsUntil: at(8), keptUntil: at(35) })
    expect(asOf(at(6), row({ endedAt: at(6) }))).toEqual({ hearsUntil: at(9), keptUntil: at(36) })
    const late = { warnings: 1, warnedAt: at(60) }
    expect(asOf(at(60), ended())).toMatchObject({ keptUntil: at(62) })
    expect(asOf(at(60, 5), ended(late))).toMatchObject({ keptUntil: at(62) })
    expect(asOf(at(61, 5), ended({ warnings: 2, warnedAt: at(61) }))).toMatchObject({ keptUntil: at(62) })
  })

  it('is a trial where the payment ended and none had begun', () => {
    const paid = { from: at(0), until: at(2) }
    expect(plan(at(3), { row: null, paid })).toMatchObject({ beginTrial: true, suspend: [] })
    const neverConnected = [session(1, { isLinked: false, connectedAt: null, status: 'created' })]
    expect(isNothing(plan(at(3), { row: null, paid, sessions: neverConnected }))).toBe(true)
  })
})
