/** Reads server-sent events from an answer until it ends. `heard` gets null for a comment: a sign of life. */
export async function readEventStream(
  response: Response,
  heard: (event: string | null, data: unknown) => void,
): Promise<void> {
  if (!response.body) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let buffer = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    buffer += value
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const block = buffer.slice(0, end)
      buffer = buffer.slice(end + 2)
      const event = lineOf(block, 'event')
      if (event === null) heard(null, null)
      else heard(event, JSON.parse(lineOf(block, 'data') ?? 'null'))
    }
  }
}

function lineOf(block: string, field: string): string | null {
  const line = block.split('\n').find((line) => line.startsWith(`${field}: `))
  return line === undefined ? null : line.slice(field.length + 2)
}
