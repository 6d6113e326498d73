import { describe, expect, test } from 'vitest'
import type { SessionStatus } from '@/db/schema/sessions'
import type { SessionId, UserId } from '@/lib/ids'
import { defaultSettings, type RoutingRule, type Settings } from '../sub-account/settings'
import { chooseSession, type Candidate, type RoutingFacts } from './choose'
import { sessionStatuses } from './session'

const session = (
  priority: number,
  status: SessionStatus = 'connected',
  routesFor: string | null = null,
): Candidate => ({
  id: `s${priority}` as SessionId,
  label: `Line ${priority}`,
  phone: `+155501000${priority}`,
  priority,
  channel: 'whatsapp',
  status,
  routesFor: routesFor as UserId | null,
})
type Given = Partial<Omit<RoutingFacts, 'settings' | 'explicit' | 'affinity'>> & {
  settings?: Partial<Settings>
  explicit?: number
  affinity?: number | null
}
const facts = ({ settings, explicit, affinity, ...over }: Given): RoutingFacts => ({
  sessions: [session(1), session(2)],
  code: null,
  sender: null,
  phone: '+34600100100',
  contact: { tags: [], owner: null },
  ...over,
  settings: { ...defaultSettings, ...settings },
  affinity: affinity == null ? null : { session: `s${affinity}` as SessionId, setBy: 'inbound' },
  ...(explicit ? { explicit: { session: `s${explicit}` as SessionId, by: 'sender' } } : {}),
})
const code = (priority: number) => ({
  ...{ priority, text: `#WH${priority}`, conflict: false, channel: 'whatsapp' as const },
})
const rule = (to: number, when: Partial<RoutingRule['when']> = {}, appliesTo: 'new' | 'always' = 'new') => ({
  ...{ id: `r${to}`, session: `s${to}` as SessionId, appliesTo },
  when: { countries: [], tags: [], senders: [], owners: [], written: 'any' as const, ...when },
})
const ana = 'ana' as UserId
const ben = 'ben' as UserId

/** What came of it in a few words: who, by which rule, and for how long it waits. */
function outcome(given: Given): string {
  const choice = chooseSession(facts(given))
  if (!choice.trace) return 'needs the contact'
  if (choice.failure) return `${choice.failure.code} by ${choice.trace.rule}`
  const hold = choice.hold === null ? '' : ` in ${choice.hold / 60_000} min`
  return `${choice.session.id} by ${choice.trace.rule}${hold}`
}

describe('the first rule whose session exists', () => {
  const cases: [string, Given, string][] = [
    ['1: a named session before a code', { explicit: 1, code: code(2) }, 's1 by 1'],
    ['2: a code before rules and affinity', { code: code(2), affinity: 1, settings: { rules: [rule(1)] } }, 's2 by 2'],
    [
      '3: a rule before the owner',
      {
        settings: { rules: [rule(2)] },
        sessions: [session(1, 'connected', 'ana'), session(2)],
        contact: { tags: [], owner: ana },
      },
      's2 by 3',
    ],
    ['3: for new conversations only', { settings: { rules: [rule(1)] }, affinity: 2 }, 's2 by 4'],
    ['3: always', { settings: { rules: [rule(1, {}, 'always')] }, affinity: 2 }, 's1 by 3'],
    ['3: top down', { settings: { rules: [rule(2, { tags: ['vip'] }), rule(1)] } }, 's1 by 3'],
    ['3: a rule of a deleted session is no rule', { settings: { rules: [rule(9), rule(2)] } }, 's2 by 3'],
    [
      '4: the affinity before owner and sender',
      { affinity: 2, sender: ana, sessions: [session(1, 'connected', 'ana'), session(2)] },
      's2 by 4',
    ],
    ['4: a deleted affinity is forgotten', { affinity: 9 }, 's1 by 7'],
    [
      '5: the sender before the owner',
      {
        sender: ana,
        contact: { tags: [], owner: ben },
        sessions: [session(1), session(2, 'connected', 'ben'), session(3, 'connected', 'ana')],
      },
      's3 by 5',
    ],
    [
      '5: not for what nobody wrote',
      { sender: null, contact: { tags: [], owner: ben }, sessions: [session(1), session(2, 'connected', 'ben')] },
      's2 by 6',
    ],
    [
      '5: of several the first',
      { sender: ana, sessions: [session(1), session(2, 'connected', 'ana'), session(3, 'connected', 'ana')] },
      's2 by 5',
    ],
    [
      '6: the owner before the priority',
      { contact: { tags: [], owner: ben }, sessions: [session(1), session(2, 'connected', 'ben')] },
      's2 by 6',
    ],
    ['7: the first priority', {}, 's1 by 7'],
    ['8: no session at all', { sessions: [] }, 'no_session by 8'],
  ]
  test.each(cases)('%s', (_name, given, expected) => expect(outcome(given)).toBe(expected))
})

describe('session_choice', () => {
  const given = (sessionChoice: Settings['sessionChoice'], over: Given = {}): Given => ({
    settings: { sessionChoice },
    affinity: 1,
    sender: ana,
    contact: { tags: [], owner: ben },
    sessions: [session(1), session(2, 'connected', 'ana'), session(3, 'connected', 'ben')],
    ...over,
  })
  test.each<[string, Given, string]>([
    ['keeps the contact where they are', given('keep_contact_session'), 's1 by 4'],
    ['owner first', given('owner_first'), 's3 by 6'],
    ['owner first, nobody owns them', given('owner_first', { contact: { tags: [], owner: null } }), 's1 by 4'],
    ['sender first', given('sender_first'), 's2 by 5'],
    ['sender first, automated', given('sender_first', { sender: null }), 's1 by 4'],
    [
      'sender first, automated, new: then the owner',
      given('sender_first', { sender: null, affinity: null }),
      's3 by 6',
    ],
  ])('%s', (_name, each, expected) => expect(outcome(each)).toBe(expected))
})

describe('conditions of a rule', () => {
  const hits = (when: Partial<RoutingRule['when']>, over: Given = {}) =>
    outcome({ settings: { rules: [rule(2, when)] }, ...over }) === 's2 by 3'
  test.each<[string, boolean, Partial<RoutingRule['when']>, Given?]>([
    ['country', true, { countries: ['ES'] }],
    ['another country', false, { countries: ['PT', 'FR'] }],
    ['no number', false, { countries: ['ES'] }, { phone: null }],
    ['a number of one of many countries with its calling code', true, { countries: ['US'] }, { phone: '+15550100001' }],
    ['Canada is not the United States', true, { countries: ['CA'] }, { phone: '+16135550123' }],
    ['any of the tags, in any case', true, { tags: ['vip', 'gold'] }, { contact: { tags: ['Gold'], owner: null } }],
    ['none of the tags', false, { tags: ['vip'] }, { contact: { tags: ['gold'], owner: null } }],
    ['the sender', true, { senders: [ana] }, { sender: ana }],
    ['another sender', false, { senders: [ana] }, { sender: ben }],
    ['no sender', false, { senders: [ana] }],
    ['the owner', true, { owners: [ben] }, { contact: { tags: [], owner: ben } }],
    ['no owner', false, { owners: [ben] }],
    ['written by people', true, { written: 'by_people' }, { sender: ana }],
    ['not written by people', false, { written: 'by_people' }],
    ['automated', true, { written: 'automated' }],
    ['not automated', false, { written: 'automated' }, { sender: ana }],
    ['all that are given', false, { countries: ['ES'], written: 'by_people' }],
  ])('%s', (_name, expected, when, over) => expect(hits(when, over)).toBe(expected))
})

describe('what only the CRM knows is asked for when it decides, and only then', () => {
  const unknown = { contact: null }
  test.each<[string, Given, string]>([
    ['a tag decides', { ...unknown, settings: { rules: [rule(2, { tags: ['vip'] })] } }, 'needs the contact'],
    ['an owner decides', { ...unknown, settings: { rules: [rule(2, { owners: [ben] })] } }, 'needs the contact'],
    [
      'the country already says no',
      { ...unknown, settings: { rules: [rule(2, { tags: ['vip'], countries: ['PT'] })] } },
      's1 by 7',
    ],
    [
      'somebody is assigned',
      { ...unknown, sessions: [session(1), session(2, 'connected', 'ben')] },
      'needs the contact',
    ],
    ['nobody is assigned', unknown, 's1 by 7'],
    [
      'a code decides before',
      { ...unknown, code: code(2), sessions: [session(1), session(2, 'connected', 'ben')] },
      's2 by 2',
    ],
    [
      'the affinity decides before',
      { ...unknown, affinity: 2, sessions: [session(1), session(2, 'connected', 'ben')] },
      's2 by 4',
    ],
  ])('%s', (_name, given, expected) => expect(outcome(given)).toBe(expected))
})

/** ROUTING.md §5, cell by cell: the chosen session is the second, the first is able. */
describe('when the chosen session cannot send', () => {
  const failing: Record<SessionStatus, string | null> = {
    connected: null,
    reconnecting: 'waits',
    starting: 'waits',
    created: 'session_down',
    awaiting_link: 'session_down',
    linking: 'session_down',
    logged_out: 'session_down',
    banned: 'session_down',
    failed: 'session_down',
    stopped: 'session_stopped',
    suspended: 'session_unpaid',
  }
  const chosenBy: Record<string, (status: SessionStatus) => Given> = {
    1: (status) => ({ explicit: 2, sessions: [session(1), session(2, status)] }),
    2: (status) => ({ code: code(2), sessions: [session(1), session(2, status)] }),
    3: (status) => ({ settings: { rules: [rule(2)] }, sessions: [session(1), session(2, status)] }),
    4: (status) => ({ affinity: 2, sessions: [session(1), session(2, status)] }),
    5: (status) => ({ sender: ana, sessions: [session(1), session(2, status, 'ana')] }),
    6: (status) => ({ contact: { tags: [], owner: ana }, sessions: [session(1), session(2, status, 'ana')] }),
    7: (status) => ({ sessions: [session(2, status), session(3)] }),
  }
  const cells = Object.keys(chosenBy).flatMap((by) => sessionStatuses.map((status) => [by, status] as const))
  test.each(cells)('rule %s, %s', (by, status) => {
    const what = failing[status]
    const got = outcome(chosenBy[by]!(status))
    if (what === null) expect(got).toBe(`s2 by ${by}`)
    else if (by === '7') expect(got).toBe('s3 by 7')
    else if (what === 'waits') expect(got).toBe(`s2 by ${by} in ${['1', '2', '4'].includes(by) ? 10 : 2} min`)
    else expect(got).toBe(['1', '2', '4'].includes(by) ? `${what} by ${by}` : 's1 by 7')
  })

  test.each<[string, Given, string]>([
    ['a priority nobody has', { code: code(3) }, 'session_not_found by 2'],
    ['priority nought', { code: code(0) }, 'session_not_found by 2'],
    ['a named session that was deleted', { explicit: 9 }, 'session_not_found by 1'],
    ['a code may fall back', { ...chosenBy[2]!('logged_out'), settings: { codeFallback: true } }, 's1 by 7'],
    ['a code of nothing may fall back', { code: code(3), settings: { codeFallback: true } }, 's1 by 7'],
    [
      'a code that may fall back waits all the same',
      { ...chosenBy[2]!('reconnecting'), settings: { codeFallback: true } },
      's2 by 2 in 10 min',
    ],
    [
      'a named session never falls back',
      { ...chosenBy[1]!('stopped'), settings: { codeFallback: true, whenContactSessionIsDown: 'fallback' } },
      'session_stopped by 1',
    ],
    [
      'the affinity may fall back',
      { ...chosenBy[4]!('logged_out'), settings: { whenContactSessionIsDown: 'fallback' } },
      's1 by 7',
    ],
    [
      'to the owner first',
      {
        affinity: 2,
        contact: { tags: [], owner: ana },
        sessions: [session(1), session(2, 'stopped'), session(3, 'connected', 'ana')],
        settings: { whenContactSessionIsDown: 'fallback' },
      },
      's3 by 6',
    ],
    ['holding for an hour', { ...chosenBy[2]!('starting'), settings: { holdMinutes: 60 } }, 's2 by 2 in 60 min'],
    [
      'not holding: a code fails',
      { ...chosenBy[2]!('starting'), settings: { holdMinutes: 0 } },
      'session_down_timeout by 2',
    ],
    ['not holding: the next rule', { ...chosenBy[6]!('starting'), settings: { holdMinutes: 0 } }, 's1 by 7'],
    ['holding for a minute only', { ...chosenBy[6]!('starting'), settings: { holdMinutes: 1 } }, 's2 by 6 in 1 min'],
    ['waited for in vain: the next rule', { ...chosenBy[6]!('reconnecting'), inVain: 's2' as SessionId }, 's1 by 7'],
    [
      'the next rule of the list',
      { settings: { rules: [rule(2), rule(3)] }, sessions: [session(1), session(2, 'failed'), session(3)] },
      's3 by 3',
    ],
    ['none paid for', { sessions: [session(1, 'suspended'), session(2, 'suspended')] }, 'session_unpaid by 8'],
    ['none that can send', { sessions: [session(1, 'stopped'), session(2, 'failed')] }, 'no_session by 8'],
    [
      'the one coming back when no other can',
      { sessions: [session(1, 'logged_out'), session(2, 'reconnecting')] },
      's2 by 7 in 10 min',
    ],
    ['at its cap: the next priority', { capped: new Set(['s1' as SessionId]) }, 's2 by 7'],
    ['all at their caps: the first waits for its window', { capped: new Set(['s1', 's2'] as SessionId[]) }, 's1 by 7'],
    [
      'at its cap, named by a code: it waits for its window',
      { code: code(1), capped: new Set(['s1' as SessionId]) },
      's1 by 2',
    ],
    ['at its cap, the contact is on it: likewise', { affinity: 1, capped: new Set(['s1' as SessionId]) }, 's1 by 4'],
  ])('%s', (_name, given, expected) => expect(outcome(given)).toBe(expected))
})

describe('the trace', () => {
  const traceOf = (given: Given) => chooseSession(facts(given)).trace!
  test.each<[Given, string]>([
    [{ affinity: 2 }, 'Sent on Line 2 because the contact last wrote there.'],
    [{ code: code(2) }, 'Sent on Line 2 because the text says #WH2.'],
    [
      { settings: { rules: [rule(2, { countries: ['ES'], tags: ['vip'] })] }, contact: { tags: ['vip'], owner: null } },
      'Sent on Line 2 because routing rule 1 applies: the number is from Spain and the contact is tagged "vip".',
    ],
    [
      { sessions: [session(1, 'stopped'), session(2)] },
      'Sent on Line 2 because it has the first priority of those that can send now.',
    ],
    [
      {
        affinity: 2,
        sessions: [session(1), session(2, 'logged_out')],
        settings: { whenContactSessionIsDown: 'fallback' },
      },
      'Sent on Line 1 instead of Line 2, which is logged out, because it has the first priority.',
    ],
    [
      { code: { ...code(1), conflict: true } },
      'Sent on Line 1 because the text says #WH1. The text names several sessions; the first one counts.',
    ],
    [
      { code: code(5), settings: { codeFallback: true } },
      'Sent on Line 1 because it has the first priority. No session has the priority in #WH5, so it was chosen as if there were no code.',
    ],
    [
      { affinity: 2, sessions: [session(1), session(2, 'suspended')] },
      'Line 2 was chosen because the contact last wrote there. Not sent: Line 2 (+1555010002) is waiting for payment. Look at Sessions.',
    ],
  ])('%#', (given, text) => expect(traceOf(given).text).toBe(text))

  test('names who was passed over and who should have sent', () => {
    const trace = traceOf({
      ...{ affinity: 2, sessions: [session(1, 'stopped'), session(2, 'banned'), session(3)] },
      settings: { whenContactSessionIsDown: 'fallback' },
    })
    const second = { session: 's2', label: 'Line 2', priority: 2, why: 'banned' }
    expect(trace).toMatchObject({
      rule: 7,
      session: 's3',
      priority: 3,
      fallbackFrom: second,
      warnings: [],
      holdMs: null,
    })
    expect(trace.skipped).toEqual([
      { rule: 4, ...second },
      { rule: 7, session: 's1', label: 'Line 1', priority: 1, why: 'stopped' },
    ])
    const after = traceOf({
      ...{ sender: ana, inVain: 's2' as SessionId },
      sessions: [session(1), session(2, 'reconnecting', 'ana')],
    })
    expect(after.fallbackFrom).toMatchObject({ session: 's2', why: 'no_return' })
    expect(after.text).toBe(
      'Sent on Line 1 instead of Line 2, which did not come back in time, because it has the first priority.',
    )
  })

  test('two codes warn, one of nothing warns', () => {
    expect(traceOf({ code: { ...code(1), conflict: true } }).warnings).toEqual(['code_conflict'])
    expect(traceOf({ code: code(5), settings: { codeFallback: true } }).warnings).toEqual(['code_unused'])
  })
})

test('a failure names the code or the session and what to do', () => {
  expect(chooseSession(facts({ code: code(3) })).failure?.message).toContain('#WH3 has no WhatsApp number')
  const down = chooseSession(facts({ sessions: [session(1, 'logged_out')], code: code(1) }))
  expect(down.failure?.message).toBe('Not sent: Line 1 (+1555010001) is logged out. Re-scan it in Sessions.')
})
