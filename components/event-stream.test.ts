import { expect, it } from 'vitest'
import { readEventStream } from './event-stream'

const heardFrom = async (...chunks: (string | Uint8Array)[]) => {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)
      controller.close()
    },
  })
  const heard: unknown[] = []
  await readEventStream(new Response(body), (event, data) => heard.push([event, data]))
  return heard
}

it('hears events however they are cut, and comments as signs of life', async () => {
  const text = ': welcome\n\nevent: session\ndata: {"label":"Café"}\n\nevent: qr\ndata: {"qr":"2@a"}\n\n'
  const expected = [
    [null, null],
    ['session', { label: 'Café' }],
    ['qr', { qr: '2@a' }],
  ]
  expect(await heardFrom(text)).toEqual(expected)
  const bytes = new TextEncoder().encode(text)
  expect(await heardFrom(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected)
})

it('leaves an event alone that was cut off', async () => {
  expect(await heardFrom('event: session\ndata: {"la')).toEqual([])
})
