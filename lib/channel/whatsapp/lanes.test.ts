import { expect, test } from 'vitest'
import { createLanes } from './lanes'

function task(log: string[], name: string) {
  let finish!: () => void
  const gate = new Promise<void>((resolve) => (finish = resolve))
  const run = async () => {
    log.push(`${name} begins`)
    await gate
    log.push(`${name} ends`)
  }
  return { run, finish }
}

test('tasks of one lane run in order, of different lanes side by side', async () => {
  const lanes = createLanes(4)
  const log: string[] = []
  const [first, second, other] = [task(log, 'first'), task(log, 'second'), task(log, 'other')]
  void lanes.add('a', first.run)
  void lanes.add('a', second.run)
  void lanes.add('b', other.run)
  other.finish()
  await lanes.add('b', async () => {})
  expect(log).toEqual(['first begins', 'other begins', 'other ends'])
  first.finish()
  second.finish()
  await lanes.idle()
  expect(log.slice(3)).toEqual(['first ends', 'second begins', 'second ends'])
})

test('a task of two lanes waits for both and is waited for in both', async () => {
  const lanes = createLanes(4)
  const log: string[] = []
  const [byNumber, byBoth, byId] = [task(log, 'by number'), task(log, 'by both'), task(log, 'by id')]
  void lanes.add('number', byNumber.run)
  void lanes.add(['number', 'id'], byBoth.run)
  void lanes.add(['id'], byId.run)
  byBoth.finish()
  byId.finish()
  byNumber.finish()
  await lanes.idle()
  expect(log).toEqual([
    'by number begins',
    'by number ends',
    'by both begins',
    'by both ends',
    'by id begins',
    'by id ends',
  ])
})
