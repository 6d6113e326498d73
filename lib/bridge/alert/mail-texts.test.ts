import { describe, expect, it } from 'vitest'
import { mailLanguages, writeMail, type MailContent } from './mail-texts'

const place = { subAccount: 'Harbour Dental', link: 'https://app.example/embed/loc' }
const facts = {
  label: 'Sales',
  phone: '+12025550140',
  status: 'logged_out' as const,
  reason: 'phone_unlinked',
  since: '2026-03-01T10:00:00.000Z',
}
const end = { at: '2026-03-06T10:00:00.000Z', by: 'trial' as const }
const contents: MailContent[] = [
  { kind: 'down', facts },
  { kind: 'down', facts: { ...facts, status: 'banned', reason: null } },
  { kind: 'down', facts: { ...facts, status: 'failed', reason: 'retries_exhausted' } },
  { kind: 'slow', facts: { ...facts, status: 'reconnecting' } },
  { kind: 'back', facts },
  { kind: 'still_linked', facts },
  { kind: 'ends', facts: end },
  { kind: 'ends', facts: { ...end, by: 'grant' } },
  { kind: 'ended', facts: end },
  { kind: 'ended', facts: { ...end, by: 'grant' } },
  { kind: 'erasure', facts: end },
]

describe.each(mailLanguages)('in %s', (language) => {
  it.each(contents.map((content) => [content.kind, content] as const))('%s', (_, content) => {
    const { subject, text } = writeMail(language, content, place)
    const all = `${subject}\n${text}`
    if ('label' in content.facts) expect(subject).toContain('Sales (+12025550140)')
    expect(subject).toContain('Harbour Dental')
    expect(text).toContain('https://app.example/embed/loc')
    if (content.kind !== 'back') expect(text).toMatch(/2026.*UTC/)
    expect(all).not.toMatch(/undefined|\bnull\b|\bNaN\b|Invalid|high.?level|ghl/i)
    expect(subject).not.toContain('\n')
    expect(text.split('\n\n').length).toBe(4)
  })
})

it('says the same in no two languages', () => {
  for (const content of contents) {
    const said = mailLanguages.map((language) => writeMail(language, content, place))
    expect(new Set(said.map(({ subject }) => subject)).size, content.kind).toBe(3)
    expect(new Set(said.map(({ text }) => text)).size, content.kind).toBe(3)
  }
})

it('is read like this', () => {
  const { subject, text } = writeMail('en', contents[0]!, place)
  expect(subject).toBe('Sales (+12025550140) must be scanned again · Harbour Dental')
  expect(text)
    .toBe(`Sales (+12025550140) has not been linked since March 1, 2026 at 10:00 AM UTC. Messages are neither sent nor received on this number.

Open Sessions and scan the code again with the phone of this number.

Sub-account: Harbour Dental
Open it: https://app.example/embed/loc

You get this mail because you look after this sub-account. Its settings say who gets such mails.
`)
})
