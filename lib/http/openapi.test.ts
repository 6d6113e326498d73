import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openapiDocument } from './openapi'
import { operations, type Operation } from './operations'

const root = new URL('../../app/api/v1', import.meta.url).pathname
const document = openapiDocument('https://crossing.example') as {
  paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>
  components: { schemas: Record<string, unknown> }
}

/** `sessions/[sessionId]/route.ts` exporting GET is `get /sessions/{sessionId}`. */
function routes(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('route.ts'))
    .flatMap((file) => {
      const path = `/${file
        .replace(/\/?route\.ts$/, '')
        .replaceAll('[', '{')
        .replaceAll(']', '}')}`
      const source = readFileSync(join(root, file), 'utf8')
      const methods = [...source.matchAll(/^export (?:const|async function) (GET|POST|PATCH|PUT|DELETE)\b/gm)]
      return methods.map(([, method]) => `${method!.toLowerCase()} ${path}`)
    })
    .sort()
}

it('every route is in the document, and everything in the document has a route', () => {
  const documented = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
    .sort()
  expect(routes()).toEqual(documented)
  expect(documented).toHaveLength(Object.keys(operations).length)
})

it('every route file uses the operation of its own path', () => {
  for (const [id, { method, path }] of Object.entries<Operation>(operations)) {
    const folder = path.replaceAll('{', '[').replaceAll('}', ']')
    const source = readFileSync(join(root, folder, 'route.ts'), 'utf8')
    expect(source, `${method} ${path}`).toContain(`operations.${id}`)
  }
})

it('every reference leads somewhere, and every path parameter is described', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
  expect(references.length).toBeGreaterThan(20)
  for (const [, id] of references) expect(Object.keys(document.components.schemas)).toContain(id)
  for (const [path, methods] of Object.entries(document.paths))
    for (const { parameters } of Object.values(methods))
      expect(
        parameters.filter((parameter) => parameter.in === 'path').map((parameter) => `{${parameter.name}}`),
      ).toEqual(path.match(/\{\w+\}/g) ?? [])
})

it('leaves no word in it that a listing forbids', () => {
  expect(JSON.stringify(document)).not.toMatch(/highlevel|ghl/i)
})
