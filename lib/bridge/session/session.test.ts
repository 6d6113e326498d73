import { describe, expect, it } from 'vitest'
import {
  describeStatus,
  judge,
  lowestFreePriority,
  primaryAction,
  sessionReasons,
  sessionStatuses,
  unlinkedStatus,
} from './session'

describe('what a person reads', () => {
  it('has a plain sentence for every status and reason', () => {
    for (const status of sessionStatuses)
      for (const reason of [null, ...sessionReasons, 'something new']) {
        const sentence = describeStatus(status, reason)
        expect(sentence, `${status} ${reason}`).toMatch(/^[A-Z].+\.$/)
        expect(sentence).not.toMatch(/highlevel|ghl|_/i)
      }
  })

  it('says why a session is down, and nothing of old trouble while it is well', () => {
    expect(describeStatus('logged_out', 'phone_unlinked')).toContain('removed on the phone')
    expect(describeStatus('connected', 'network')).toBe(describeStatus('connected', null))
  })

  it('offers at most one thing first, and it is a wish that acts', () => {
    for (const status of sessionStatuses) {
      const action = primaryAction(status)
      if (action) expect(judge(action, status), status).toBe('act')
    }
  })
})

describe('wishes', () => {
  it.each([
    ['link', 'created', 'act'],
    ['link', 'logged_out', 'act'],
    ['link', 'failed', 'act'],
    ['link', 'awaiting_link', 'act'],
    ['link', 'connected', 'already'],
    ['link', 'suspended', 'refuse'],
    ['start', 'stopped', 'act'],
    ['start', 'failed', 'act'],
    ['start', 'connected', 'already'],
    ['start', 'logged_out', 'refuse'],
    ['start', 'created', 'refuse'],
    ['stop', 'connected', 'act'],
    ['stop', 'reconnecting', 'act'],
    ['stop', 'stopped', 'already'],
    ['stop', 'logged_out', 'already'],
  ] as const)('%s a session that is %s: %s', (wish, status, verdict) => {
    expect(judge(wish, status)).toBe(verdict)
  })

  it('a session that never had a number is not "logged out"', () => {
    expect(unlinkedStatus({ phone: null })).toBe('created')
    expect(unlinkedStatus({ phone: '+34600000000' })).toBe('logged_out')
  })
})

describe('priorities', () => {
  it.each([
    [[], 5, 1],
    [[1, 2], 5, 3],
    [[2, 3], 5, 1],
    [[1, 3], 5, 2],
    [[1, 2, 3], 3, null],
    [[-1, 1], 2, 2],
  ])('taken %j of %i: next is %s', (taken, limit, next) => {
    expect(lowestFreePriority(taken, limit)).toBe(next)
  })
})
