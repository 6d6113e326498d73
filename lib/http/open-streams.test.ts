import { expect, test, vi } from 'vitest'
import { closeOpenStreams, mayOpenAnother, registerStream } from './open-streams'

test('one person has so many streams at most and gets another when one ends; a stop closes all', () => {
  const closed = vi.fn()
  const letGos = []
  while (mayOpenAnother('ana') && letGos.length < 100) letGos.push(registerStream('ana', () => closed()))
  expect(letGos).toHaveLength(20)
  expect(mayOpenAnother('ben')).toBe(true)
  letGos[3]!()
  expect(mayOpenAnother('ana')).toBe(true)
  closeOpenStreams()
  expect(closed).toHaveBeenCalledTimes(19)
})
