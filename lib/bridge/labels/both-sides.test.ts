import { describe, expect, it } from 'vitest'
import { editBothSides } from '@/e2e/both-sides'

const seed = Number(process.env.SEED ?? 4_711)

describe(`a thousand edits of tags and labels on both sides (SEED=${seed})`, () => {
  it('one at a time on each: every side ends with the last word', { timeout: 240_000 }, async () => {
    const outcome = await editBothSides({ seed, edits: 500, exact: true })
    expect(outcome.wrong).toEqual([])
    expect(outcome.edits).toBe(500)
  })

  it('all at once: the sides end equal', { timeout: 240_000 }, async () => {
    const outcome = await editBothSides({ seed: seed + 1, edits: 500, exact: false })
    expect(outcome.wrong).toEqual([])
    expect(outcome.edits).toBe(500)
  })

  it('one phone only tells, one is only told: that one ends equal to the CRM', { timeout: 240_000 }, async () => {
    const outcome = await editBothSides({ seed: seed + 2, edits: 150, exact: false, oneWay: true })
    expect(outcome.wrong).toEqual([])
    expect(outcome.edits).toBe(150)
  })
})

it('a phone that is only told, and tells again what it was told, keeps no label of a tag that is gone', async () => {
  // Here it told of a label taken off and put on again between the tag's going and the label's.
  const outcome = await editBothSides({ seed: 329_333, edits: 150, exact: false, oneWay: true })
  expect(outcome.wrong).toEqual([])
}, 240_000)
