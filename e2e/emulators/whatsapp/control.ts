import type { IncomingMessage, ServerResponse } from 'node:http'
import { ZodError } from 'zod'
import { servePage } from './pages/serve'
import { verbs } from './verbs'
import { PhoneError, type World } from './world'

const MOST_BODY_BYTES = 32 * 1024 * 1024

/** The control API, the live events of the page, and the page itself. */
export async function answerHttp(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://emulator')
  try {
    if (request.method === 'GET' && pathname === '/control/live') return streamChanges(world, request, response)
    if (request.method === 'GET' && servePage(pathname, response)) return
    const blob = request.method === 'GET' ? world.blobs.get(pathname) : undefined
    if (blob) return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(blob)
    const name = pathname.replace(/^\/control\//, '')
    if (request.method !== 'POST' || !Object.hasOwn(verbs, name)) {
      world.say(`WhatsApp emulator: nobody answers ${request.method} ${pathname}.`)
      return answer(response, 404, { error: `The WhatsApp emulator has no ${request.method} ${pathname}.` })
    }
    const verb = verbs[name as keyof typeof verbs]
    const input = verb.input.parse(await readJson(request))
    // The table pairs every verb with its own input; a lookup by name loses that pairing.
    const result = await (verb.run as (world: World, input: unknown) => unknown)(world, input)
    answer(response, 200, result ?? null)
  } catch (error) {
    if (error instanceof PhoneError) return answer(response, 409, { error: error.message })
    if (error instanceof ZodError || error instanceof SyntaxError)
      return answer(response, 400, { error: error.message })
    world.say(`WhatsApp emulator: ${error instanceof Error ? error.stack : String(error)}`)
    answer(response, 500, { error: 'The WhatsApp emulator failed. Its log says why.' })
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MOST_BODY_BYTES) throw new SyntaxError('The request is larger than 32 MB')
    parts.push(part)
  }
  return size === 0 ? {} : JSON.parse(Buffer.concat(parts).toString('utf8'))
}

/** Server-sent events: the number of each phone that changed, a few times a second at most. */
function streamChanges(world: World, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n\n')
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const stop = world.watch((phone) => {
    changed.add(phone.number)
    timer ??= setTimeout(() => {
      timer = undefined
      response.write(`data: ${JSON.stringify([...changed])}\n\n`)
      changed.clear()
    }, 60)
  })
  request.on('close', () => {
    clearTimeout(timer)
    stop()
  })
}
