import { createTranslator } from 'use-intl/core'
import { describe, expect, it } from 'vitest'
import { describeStillLinked } from '@/lib/bridge/alert/describe'
import { describeDetail, explain, reported, syncDetails } from '@/lib/bridge/contact-sync/contact-sync'
import { bannerOf } from '@/lib/bridge/entitlement/standing'
import { describeLabelDetail, describeNoLabels, labelDetails, noLabelsCodes } from '@/lib/bridge/labels/label-sync'
import { failureCodes } from '@/lib/bridge/message/message'
import { shownStatuses } from '@/lib/bridge/message/view'
import { routingWarnings } from '@/lib/bridge/session/choose'
import { describeStatus, sessionReasons, sessionStatuses } from '@/lib/bridge/session/session'
import { catalogues } from './catalogues'

const { en } = catalogues

function flatten(value: object, path: string[] = []): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' ? [[[...path, key].join('.'), inner]] : flatten(inner as object, [...path, key]),
  )
}

/** The names a sentence must be given: `{count}`, `{label}`; not the words a plural chooses from. */
const placeholders = (text: string) =>
  [...new Set([...text.matchAll(/(?<!\b(?:one|other) )\{(\w+)/g)].map(([, name]) => name))].sort()

describe.each(Object.entries(catalogues))('%s', (language, catalogue) => {
  const texts = new Map(flatten(catalogue))

  it('says everything English says, with the same values in it', () => {
    const english = flatten(en)
    expect([...texts.keys()].sort()).toEqual(english.map(([key]) => key).sort())
    for (const [key, text] of english) expect([key, placeholders(texts.get(key)!)]).toEqual([key, placeholders(text)])
  })

  it('can be read by the formatter', () => {
    const t = createTranslator({
      locale: language,
      messages: catalogue as unknown as Record<string, never>,
      onError: (error) => {
        throw error
      },
    }) as unknown as (key: string, values: Record<string, unknown>) => string
    // A number can stand for a word, and decide a plural.
    const valuesOf = (text: string) => Object.fromEntries(placeholders(text).map((name) => [name, 2]))
    for (const [key, text] of texts) expect(t(key, valuesOf(text)).trim(), key).not.toBe('')
  })

  it('has a name and a sentence for every status, and a sentence for every reason', () => {
    for (const status of sessionStatuses) {
      expect(texts.get(`status.${status}.name`), status).toBeTruthy()
      expect(texts.get(`status.${status}.detail`), status).toMatch(/[.!]$/)
    }
    for (const reason of sessionReasons) expect(texts.get(`reason.${reason}`), reason).toMatch(/[.!]$/)
    for (const status of shownStatuses) expect(texts.get(`message.status.${status}`), status).toBeTruthy()
    for (const code of failureCodes) {
      expect(texts.get(`message.failure.${code}`), code).toBeTruthy()
      expect(texts.get(`notSent.${code}`), code).toMatch(/[.!]$/)
    }
  })

  it('has a sentence for every warning of a routing decision', () => {
    for (const warning of routingWarnings) expect(texts.get(`trace.warning.${warning}`), warning).toMatch(/[.]$/)
  })

  it('has no word a listing forbids', () => {
    for (const [key, text] of texts) expect(text, key).not.toMatch(/high\s*level|ghl|leadconnector/i)
  })
})

it('English says what the API says', () => {
  for (const status of sessionStatuses) {
    expect(en.status[status].detail).toBe(describeStatus(status, null))
    for (const reason of sessionReasons)
      if (!['starting', 'awaiting_link', 'linking', 'connected'].includes(status))
        expect(en.reason[reason]).toBe(describeStatus(status, reason))
  }
  for (const code of syncDetails) expect(en.syncing.contactsDetail[code]).toBe(describeDetail(code))
  for (const code of labelDetails) expect(en.syncing.labelsDetail[code]).toBe(describeLabelDetail(code))
  for (const code of noLabelsCodes) expect(en.syncing.noLabels[code]).toBe(describeNoLabels(code))
  for (const code of reported) expect(en.syncing.why[code]).toBe(explain(code))
  expect(describeStillLinked({ label: 'Sales', phone: null })).toBe(`Sales: ${en.banner.stillLinked}`)
  const trial = {
    state: 'ended',
    trialStartedAt: new Date(0),
    trialEndsAt: new Date(1),
    endsAt: new Date(1),
    by: 'trial',
  } as const
  expect(bannerOf({ ...trial, trialBy: 'this' }, new Date(2))).toContain(`${en.banner.ended}.`)
  expect(bannerOf({ ...trial, trialBy: 'number' }, new Date(2))).toContain(`${en.banner.endedNumber}.`)
})
