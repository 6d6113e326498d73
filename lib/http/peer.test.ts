import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isLocal, markPeers, nameOf, peerOf } from './peer'

/** What a route handler would see of the request. */
let seen: Request
const server = createServer((incoming: IncomingMessage, answer) => {
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)])
  seen = new Request('http://app/', { headers })
  answer.end()
})
beforeAll(async () => {
  markPeers()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void server.close())

const ask = (headers: Record<string, string>) =>
  new Promise<Request>((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    get({ host: '127.0.0.1', port, headers, agent: false }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(seen))
    }).on('error', reject)
  })

test('a process on this machine is local', async () => {
  expect(isLocal(await ask({}))).toBe(true)
})

test.each([
  [{ 'x-forwarded-for': '127.0.0.1' }, 'via 127.0.0.1'],
  [{ 'x-forwarded-for': '10.0.0.1, 203.0.113.7' }, 'via 203.0.113.7'],
  [{ 'x-trunkline-peer': 'local', 'x-forwarded-for': '203.0.113.7' }, 'via 203.0.113.7'],
  [{ forwarded: 'for=127.0.0.1' }, 'via ?'],
])('whoever comes through a proxy is not, whatever they say: %o', async (headers, peer) => {
  const request = await ask(headers as Record<string, string>)
  expect(isLocal(request)).toBe(false)
  expect(peerOf(request)).toBe(peer)
})

test('the mark is ours even where a client sends one', async () => {
  expect(peerOf(await ask({ 'x-trunkline-peer': '198.51.100.1' }))).toBe('local')
})

test.each([
  ['203.0.113.7', { 'x-forwarded-for': '198.51.100.1' }, '203.0.113.7'],
  ['203.0.113.7', {}, '203.0.113.7'],
  ['::ffff:10.1.2.3', { 'x-forwarded-for': '8.8.8.8, 198.51.100.1' }, 'via 198.51.100.1'],
  ['fd12::1', { 'x-forwarded-for': '198.51.100.1' }, 'via 198.51.100.1'],
  ['172.16.0.9', {}, '172.16.0.9'],
  ['172.32.0.9', { 'x-forwarded-for': '198.51.100.1' }, '172.32.0.9'],
  ['', { 'x-forwarded-for': '198.51.100.1' }, ''],
])('a balancer in a private network is believed whom it serves, a stranger is not: %s %o', (address, headers, name) => {
  expect(nameOf(address, headers)).toBe(name)
})
