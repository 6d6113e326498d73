import { expect, test, vi } from 'vitest'
import { stopOnSignal } from './compose'
import type { Worker } from './worker'

test('a worker asked to stop while it starts is stopped in good order as soon as it is there', async () => {
  const heard = process.listeners('SIGTERM')
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
  const worker: Worker = { stop: vi.fn(async () => {}) }
  let isThere = (_worker: Worker) => {}
  try {
    stopOnSignal(new Promise<Worker>((resolve) => (isThere = resolve)))
    const [hear, ...more] = process.listeners('SIGTERM').filter((one) => !heard.includes(one))
    expect([typeof hear, more]).toEqual(['function', []])
    hear!('SIGTERM')
    hear!('SIGTERM')
    expect(exit).not.toHaveBeenCalled()
    isThere(worker)
    await vi.waitFor(() => expect(exit.mock.calls).toEqual([[0]]))
    expect(worker.stop).toHaveBeenCalledTimes(1)
    for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.removeListener(signal, hear!)
  } finally {
    exit.mockRestore()
  }
})
