import { describe, expect, it } from 'vitest'
import { editBothSides } from '@/e2e/both-sides'

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

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
