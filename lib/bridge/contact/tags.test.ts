import { describe, expect, it } from 'vitest'
import type { SessionId } from '@/lib/ids'
import { defaultSettings } from '../sub-account/settings'
import { accountTagOf, compareTags, isPushedTag, isTagEcho, sessionOfTags, tagOfLabel, tidyTag } from './tags'

const session = (id: string, priority: number) => ({ id: id as SessionId, priority, accountTag: `wa-account-${id}` })
const sessions = [session('sales', 1), session('support', 2), session('office', 3)]

describe('the account tag of a name', () => {
  it.each([
    ['Support', [], 'wa-account-support'],
    ['Línea  de Atención 2!', [], 'wa-account-linea-de-atencion-2'],
    ['Поддержка', [], 'wa-account-поддержка'],
    ['🎉', [], 'wa-account-session'],
    ['Support', ['wa-account-support', 'wa-account-support-2'], 'wa-account-support-3'],
  ])('of %s is unique and readable', (label, taken, tag) => expect(accountTagOf(label, taken)).toBe(tag))
})

describe('what account tags say about the session', () => {
  const says = (before: string[], now: string[], current: string | null) =>
    sessionOfTags(sessions, { now, changes: compareTags(before, now), current: current as SessionId | null })
  const tag = (id: string) => `wa-account-${id}`

  it('moves to the one added', () =>
    expect(says([tag('sales')], [tag('sales'), tag('office')], 'sales')).toBe('office'))
  it('moves to the first by priority when several are new', () =>
    expect(says([], [tag('office'), tag('support')], 'sales')).toBe('support'))
  it('clears when the tag goes', () => expect(says([tag('sales')], ['vip'], 'sales')).toBe(null))
  it('stays on what is left when two were there', () =>
    expect(says([tag('sales'), tag('office')], [tag('office')], 'sales')).toBe('office'))
  it('is silent about other tags', () => expect(says([tag('sales')], [tag('sales'), 'vip'], 'sales')).toBe(undefined))
  it('is silent when another session loses its tag', () =>
    expect(says([tag('sales'), tag('office')], [tag('sales')], 'sales')).toBe(undefined))
})

describe('the tag of a label', () => {
  const settings = { ...defaultSettings, labelPrefix: '' }
  it.each([
    ['  New   Customer ', 'new customer'],
    ['VIP 🎉', 'vip 🎉'],
    ['wa-group', 'label-wa-group'],
    ['WA-Account-Sales', 'label-wa-account-sales'],
    ['Wa-Contact', 'label-wa-contact'],
    ['my own line', 'label-my own line'],
    ['  ', ''],
  ])('of "%s"', (name, tag) => expect(tagOfLabel(name, ['my own line'], settings)).toBe(tag))
  it('begins with the prefix', () =>
    expect(tagOfLabel('Paid', [], { ...settings, labelPrefix: 'WA ' })).toBe('wa paid'))
})

describe('tags that become labels', () => {
  const settings = { ...defaultSettings, pushedTags: ['VIP'], pushedTagPrefix: 'crm ' }
  it.each([
    ['vip', true],
    ['crm lead', true],
    ['lead', false],
    ['wa-account-sales', false],
  ])('%s', (tag, is) => expect(isPushedTag(tag, [], settings)).toBe(is))
  it('are never reserved ones, whatever was chosen', () =>
    expect(isPushedTag('wa-group', ['own'], { ...settings, pushedTags: ['wa-group', 'own'] })).toBe(false))
})

it('knows its own write by tag and direction', () => {
  const writes = [{ tag: 'vip', added: true }]
  expect([isTagEcho(writes, 'vip', true), isTagEcho(writes, 'vip', false), isTagEcho(writes, 'x', true)]).toEqual([
    true,
    false,
    false,
  ])
})

it('tidies as the CRM does', () => expect(tidyTag('  New  Lead ')).toBe('new lead'))
