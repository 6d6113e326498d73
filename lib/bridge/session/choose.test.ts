import { describe, expect, test } from 'vitest'
import type { SessionStatus } from '@/db/schema/sessions'
import type { SessionId } from '@/lib/ids'
import { chooseSession, type Candidate, type RoutingFacts } from './choose'

const session = (priority: number, status: SessionStatus = 'connected'): Candidate => ({
  id: `s${priority}` as SessionId,
  label: `Line ${priority}`,
  phone: `+155501000${priority}`,
  priority,
  channel: 'whatsapp',
  status,
})
const facts = (over: Partial<RoutingFacts>): RoutingFacts => ({
  sessions: [session(1), session(2)],
  code: null,
  affinity: null,
  ...over,
})
const code = (priority: number) => ({ priority, text: `#WH${priority}`, conflict: false })

describe('one session is chosen, and the trace says why', () => {
  const cases: [string, RoutingFacts, string | null, number, string?][] = [
    ['a named session before a code', facts({ explicit: 's1' as SessionId, code: code(2) }), 's1', 1],
    ['a code before the affinity', facts({ code: code(2), affinity: 's1' as SessionId }), 's2', 2],
    ['the affinity before the priority', facts({ affinity: 's2' as SessionId }), 's2', 4],
    ['the first priority', facts({}), 's1', 7],
    ['the first that can send', facts({ sessions: [session(1, 'reconnecting'), session(2)] }), 's2', 7],
    [
      'the one coming back when no other can',
      facts({ sessions: [session(1, 'logged_out'), session(2, 'reconnecting')] }),
      's2',
      7,
    ],
    [
      'a code waits for its session',
      facts({ sessions: [session(1), session(2, 'reconnecting')], code: code(2) }),
      's2',
      2,
    ],
    [
      'the affinity waits for its session',
      facts({ sessions: [session(1), session(2, 'starting')], affinity: 's2' as SessionId }),
      's2',
      4,
    ],
    ['a priority nobody has', facts({ code: code(3) }), null, 2, 'session_not_found'],
    ['priority nought', facts({ code: code(0) }), null, 2, 'session_not_found'],
    [
      'a code never falls back',
      facts({ sessions: [session(1), session(2, 'logged_out')], code: code(2) }),
      null,
      2,
      'session_down',
    ],
    [
      'a stopped session',
      facts({ sessions: [session(1), session(2, 'stopped')], code: code(2) }),
      null,
      2,
      'session_stopped',
    ],
    [
      'an unpaid session',
      facts({ sessions: [session(1), session(2, 'suspended')], affinity: 's2' as SessionId }),
      null,
      4,
      'session_unpaid',
    ],
    [
      'an affinity never falls back by itself',
      facts({ sessions: [session(1), session(2, 'banned')], affinity: 's2' as SessionId }),
      null,
      4,
      'session_down',
    ],
    ['a deleted affinity is forgotten', facts({ affinity: 's9' as SessionId }), 's1', 7],
    ['no session at all', facts({ sessions: [] }), null, 8, 'no_session'],
    ['none that can send', facts({ sessions: [session(1, 'stopped'), session(2, 'failed')] }), null, 8, 'no_session'],
  ]
  test.each(cases)('%s', (_name, given, chosen, rule, failure) => {
    const choice = chooseSession(given)
    expect(choice.session?.id ?? null).toBe(chosen)
    expect(choice.trace.rule).toBe(rule)
    expect(choice.failure?.code).toBe(failure)
    expect(choice.trace.text).toMatch(/\.$/)
  })
})

test('a failure names the code or the session and what to do', () => {
  expect(chooseSession(facts({ code: code(3) })).failure?.message).toContain('#WH3 has no WhatsApp number')
  const down = chooseSession(facts({ sessions: [session(1, 'logged_out')], code: code(1) }))
  expect(down.failure?.message).toBe('Not sent: Line 1 (+1555010001) is logged out. Re-scan it in Sessions.')
})

test('passed over sessions are on record', () => {
  const choice = chooseSession(facts({ sessions: [session(1, 'stopped'), session(2)] }))
  expect(choice.trace.skipped).toEqual([{ rule: 7, session: 's1', label: 'Line 1', priority: 1, why: 'stopped' }])
})
