import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { canaries } from '@/e2e/canaries'
import { searchOutput } from './search-output'

const all = Object.keys(canaries)
let folder: string

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'trunkline-output-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('clean output of a run that planted everything has no complaint', async () => {
  writeFileSync(join(folder, 'web.log'), '{"msg":"sent"}\n')
  expect(await searchOutput({ outputDir: folder, planted: all })).toEqual([])
})

test('a canary is named with its place, and its text is not repeated', async () => {
  writeFileSync(join(folder, 'web.log'), `one\n{"to":"${canaries.phone.slice(1)}"}\n`)
  const [complaint, ...more] = await searchOutput({ outputDir: folder, planted: all })
  expect(more).toEqual([])
  expect(complaint).toBe(`${join(folder, 'web.log')}:2 holds the canary "phone"`)
})

test('a run without output, or without planting, has shown nothing', async () => {
  expect(await searchOutput({ outputDir: join(folder, 'absent'), planted: all })).toHaveLength(1)
  writeFileSync(join(folder, 'web.log'), 'fine\n')
  expect(await searchOutput({ outputDir: folder, planted: ['body', 'name'] })).toEqual([
    'no test planted the canary: phone, token, key, crmToken, qr',
  ])
})

test.each(Object.entries(canaries))('%s, %s, is found wherever it was written', async (name, text) => {
  writeFileSync(join(folder, 'web.log'), `{"msg":"before ${text} after"}\n`)
  expect(await searchOutput({ outputDir: folder, planted: all })).toEqual([
    `${join(folder, 'web.log')}:1 holds the canary "${name}"`,
  ])
})

test('secrets of this run are looked for too, and in what the database wrote', async () => {
  const database = join(folder, '..', `${basename(folder)}.postgres.log`)
  writeFileSync(join(folder, 'web.log'), 'fine\n')
  writeFileSync(database, `ERROR: one\nDETAIL: Key (secret)=(of-this-run)\n`)
  try {
    expect(
      await searchOutput({ outputDir: folder, planted: all, secrets: { delivery: 'of-this-run' }, files: [database] }),
    ).toEqual([`${database}:2 holds the canary "delivery"`])
  } finally {
    rmSync(database)
  }
})
