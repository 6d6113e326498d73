import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { WebSocketServer } from 'ws'
import { createHistory, type History } from '../history'
import { answerHttp } from './control'
import { keepPhones, loadServerKeys } from './persist'
import { issueChain } from './wire/certificate'
import { Connection } from './wire/connection'
import { admit } from './wire/login'
import { World, type Timings } from './world'

export interface WhatsAppEmulatorOptions {
  /** 0, the default, takes a free one. */
  port?: number
  host?: string
  /** Phones, keys, sessions, queues and the history live here and survive a restart. Without it nothing does. */
  dataDir?: string
  timings?: Partial<Timings>
  say?: (text: string) => void
}

export interface WhatsAppEmulator {
  /** The page for people, and the base of the control API. */
  url: string
  webSocketUrl: string
  /** Hex, 32 bytes: what `trustEmulator` wants. */
  rootPublicKey: string
  history: History
  close(): Promise<void>
}

export async function startWhatsAppEmulator(options: WhatsAppEmulatorOptions = {}): Promise<WhatsAppEmulator> {
  const { port = 0, host = '127.0.0.1', dataDir, timings } = options
  if (dataDir) mkdirSync(dataDir, { recursive: true })
  const history = createHistory('whatsapp', dataDir && join(dataDir, 'history.jsonl'))
  const world = new World(history, timings, options.say ?? ((text) => process.stderr.write(`${text}\n`)))
  const keys = loadServerKeys(dataDir)
  const saveAll = dataDir ? keepPhones(world, dataDir) : () => {}
  const noiseKeys = { serverStatic: keys.serverStatic, chain: issueChain(keys.root, keys.serverStatic) }

  const http = createServer((request, response) => void answerHttp(world, request, response))
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 })
  http.on('upgrade', (request, socket, head) => {
    if (world.faults.isRefusingConnections || new URL(request.url ?? '/', 'http://emulator').pathname !== '/ws/chat') {
      socket.destroy()
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, noiseKeys, world.timings.handshakeGraceMs)
      history.add('connected', { connection: connection.id })
      connection.listener = {
        onReady: (handshake) => admit(world, connection, handshake),
        onNode: () => {},
        onBroken: (reason) => world.violation('A broken handshake', { reason }),
        onClose: () => {},
      }
    })
  })
  http.listen(port, host)
  await once(http, 'listening')
  const { port: taken } = http.address() as AddressInfo

  return {
    url: `http://${host}:${taken}`,
    webSocketUrl: `ws://${host}:${taken}/ws/chat`,
    rootPublicKey: keys.root.public.toString('hex'),
    history,
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      const closed = once(http, 'close')
      http.close()
      http.closeAllConnections()
      await closed
      saveAll()
    },
  }
}
