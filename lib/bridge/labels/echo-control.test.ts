// The control of both-sides.test.ts: the same edits while the app takes its own writes, coming back, for people's.
import { expect, it, vi } from 'vitest'
import { editBothSides } from '@/e2e/both-sides'

vi.mock('../contact/tags', async (original) => ({
  ...(await original<typeof import('../contact/tags')>()),
  isTagEcho: () => false,
}))

const seed = Number(process.env.SEED ?? 4_711)

it(`without the echo rule the sides do not end with the last word (SEED=${seed})`, { timeout: 240_000 }, async () => {
  const outcome = await editBothSides({ seed, edits: 500, exact: true, stopAtFirst: true })
  expect(outcome.wrong).not.toEqual([])
})
