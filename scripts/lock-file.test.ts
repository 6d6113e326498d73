import { expect, test } from 'vitest'
import { lockComplaints } from './lock-file'

const lock = (packages: Record<string, object>) => ({ packages: { '': {}, 'node_modules/a': {}, ...packages } })

const cases: [what: string, packages: Record<string, object>, complaints: number][] = [
  ['nothing wrong', { 'node_modules/b': { optionalDependencies: { a: '1' } } }, 0],
  [
    'found beside the package itself',
    { 'node_modules/b': { optionalDependencies: { c: '1' } }, 'node_modules/b/node_modules/c': {} },
    0,
  ],
  ['found further out', { 'node_modules/b/node_modules/c': { optionalDependencies: { a: '1' } } }, 0],
  ['an optional package left out', { 'node_modules/b': { optionalDependencies: { missing: '1' } } }, 1],
  [
    'found only inside another package',
    { 'node_modules/b': { optionalDependencies: { c: '1' } }, 'node_modules/a/node_modules/c': {} },
    1,
  ],
  ['an address', { 'node_modules/b': { resolved: 'https://packages.example/b.tgz' } }, 1],
  ['extraneous', { 'node_modules/b': { extraneous: true } }, 1],
]
test.each(cases)('%s', (_, packages, complaints) => {
  expect(lockComplaints(lock(packages))).toHaveLength(complaints)
})

test('a lock of nothing is a complaint', () => {
  expect(lockComplaints({ packages: {} })).toHaveLength(1)
})
