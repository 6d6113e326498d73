import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { canaries } from '@/e2e/canaries'
import { searchOutput } from './search-output'

const all = Object.keys(canaries)
let folder: string

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'trunkline-output-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('clean output of a run that planted everything has no complaint', async () => {
  writeFileSync(join(folder, 'web.log'), '{"msg":"sent"}\n')
  expect(await searchOutput(folder, all)).toEqual([])
})

test('a canary is named with its place, and its text is not repeated', async () => {
  writeFileSync(join(folder, 'web.log'), `one\n{"to":"${canaries.phone.slice(1)}"}\n`)
  const [complaint, ...more] = await searchOutput(folder, all)
  expect(more).toEqual([])
  expect(complaint).toBe(`${join(folder, 'web.log')}:2 holds the canary "phone"`)
})

test('a run without output, or without planting, has shown nothing', async () => {
  expect(await searchOutput(join(folder, 'absent'), all)).toHaveLength(1)
  writeFileSync(join(folder, 'web.log'), 'fine\n')
  expect(await searchOutput(folder, ['body', 'name'])).toEqual(['no test planted the canary: phone, token, key'])
})
