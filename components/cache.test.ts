import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import type { SessionView } from '@/lib/bridge/session/session'
import { keys, storeSession } from './cache'

const session = (status: SessionView['status']) =>
  ({ id: 's', locationId: 'l', priority: 1, status }) as unknown as SessionView

test('an answer that was under way when an event came does not take the place of what the event told', async () => {
  const queries = new QueryClient()
  const asked: ((answer: SessionView[]) => void)[] = []
  const queryFn = () => new Promise<SessionView[]>((answer) => asked.push(answer))
  const page = new QueryObserver(queries, { queryKey: keys.sessions('l'), queryFn })
  const leave = page.subscribe(() => {})
  const shown = () => page.getCurrentResult().data?.map(({ status }) => status)
  asked[0]!([session('starting')])
  await expect.poll(shown).toEqual(['starting'])

  void queries.invalidateQueries({ queryKey: keys.sessions('l') })
  await expect.poll(() => asked.length).toBe(2)
  storeSession(queries, session('awaiting_link'))
  asked[1]!([session('starting')])
  await expect.poll(() => asked.length).toBe(3)
  expect(shown()).toEqual(['awaiting_link'])
  asked[2]!([session('awaiting_link')])
  await expect.poll(() => page.getCurrentResult().fetchStatus).toBe('idle')
  expect(shown()).toEqual(['awaiting_link'])
  leave()
})
