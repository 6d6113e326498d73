import { expect, test } from 'vitest'
import { defaultSettings, type Settings } from '@/lib/bridge/sub-account/settings'
import { beginEdit, withEdits } from './edits'

const hold = (holdMinutes: number) => (now: Settings) => ({ ...now, holdMinutes })
const name = (labelPrefix: string) => (now: Settings) => ({ ...now, labelPrefix })

test('an answer from before a change is saved is shown with the change, until it is saved or refused', () => {
  const stored = { ...defaultSettings, holdMinutes: 5, labelPrefix: 'old' }
  expect(withEdits('one', stored)).toEqual(stored)

  const endHold = beginEdit('one', hold(30))
  const endName = beginEdit('one', name('new'))
  expect(withEdits('one', stored)).toEqual({ ...stored, holdMinutes: 30, labelPrefix: 'new' })
  expect(withEdits('another', stored)).toEqual(stored)

  // The first is saved: the answer has it, and not yet the second.
  endHold()
  expect(withEdits('one', { ...stored, holdMinutes: 30 })).toEqual({ ...stored, holdMinutes: 30, labelPrefix: 'new' })
  endName()
  expect(withEdits('one', stored)).toEqual(stored)
})

test('a change that can no longer be made leaves the rest as it is', () => {
  const ends = [beginEdit('one', () => null), beginEdit('one', hold(30))]
  expect(withEdits('one', defaultSettings).holdMinutes).toBe(30)
  for (const end of ends) end()
})
