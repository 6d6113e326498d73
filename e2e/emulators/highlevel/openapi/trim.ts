import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Cuts the published OpenAPI files down to the operations the emulator implements, keeping everything that
 * validates and dropping the prose. Run: node --import tsx e2e/emulators/highlevel/openapi/trim.ts <folder of the originals>
 */
export const KEPT: Record<string, readonly string[]> = {
  'v2/oauth.json': ['post /oauth/token', 'post /oauth/locationToken', 'get /oauth/installedLocations'],
  'v2/marketplace.json': [
    'get /marketplace/app/{appId}/installations',
    'delete /marketplace/app/{appId}/installations',
  ],
  'v2/conversations.json': [
    'get /conversations/search',
    'post /conversations/',
    'get /conversations/{conversationId}',
    'put /conversations/{conversationId}',
    'get /conversations/{conversationId}/messages',
    'get /conversations/messages/export',
    'get /conversations/messages/{id}',
    'post /conversations/messages',
    'post /conversations/messages/inbound',
    'post /conversations/messages/outbound',
    'post /conversations/messages/upload',
    'put /conversations/messages/{messageId}/status',
    'post /conversations/providers/live-chat/typing',
  ],
  'v2/contacts.json': [
    'get /contacts/',
    'post /contacts/',
    'post /contacts/upsert',
    'post /contacts/search',
    'get /contacts/search/duplicate',
    'get /contacts/{contactId}',
    'put /contacts/{contactId}',
    'delete /contacts/{contactId}',
    'post /contacts/{contactId}/tags',
    'delete /contacts/{contactId}/tags',
    'get /contacts/{contactId}/notes',
    'post /contacts/{contactId}/notes',
    'post /contacts/bulk/tags/update/{type}',
  ],
  'v2/users.json': ['get /users/', 'get /users/search', 'get /users/{userId}'],
  'v2/locations.json': [
    'get /locations/search',
    'get /locations/{locationId}',
    'get /locations/{locationId}/tags',
    'post /locations/{locationId}/tags',
    'get /locations/{locationId}/customFields',
  ],
  'v3/oauth-v3.json': ['post /oauth/token', 'post /oauth/location-token', 'get /oauth/installed-locations'],
  'v3/locations-v3.json': ['get /locations/{locationId}/conversationChannels/{type}'],
}

const PROSE = new Set(['description', 'summary', 'example', 'examples', 'tags', 'title', 'externalDocs'])
/** Below these keys the children are names somebody chose, so nothing there is prose. */
const NAMED = new Set(['properties', 'schemas', 'responses', 'content'])

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Tree = { [key: string]: Json }

function withoutProse(value: Json, named = false): Json {
  if (Array.isArray(value)) return value.map((item) => withoutProse(item))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => named || !PROSE.has(key))
      .map(([key, child]) => [key, withoutProse(child, !named && NAMED.has(key))]),
  )
}

function references(value: Json, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) references(item, found)
  else if (value && typeof value === 'object')
    for (const [key, child] of Object.entries(value)) {
      if (key === '$ref' && typeof child === 'string') found.add(child)
      else references(child, found)
    }
  return found
}

export function trim(original: Tree, kept: readonly string[]): Tree {
  const allPaths = original.paths as Record<string, Tree>
  const paths: Record<string, Tree> = {}
  for (const wanted of kept) {
    const [method = '', path = ''] = wanted.split(' ')
    const operation = allPaths[path]?.[method]
    if (!operation) throw new Error(`${wanted} is not in the original`)
    paths[path] = { ...paths[path], [method]: withoutProse(operation) }
  }
  const all = (original.components as Record<string, Tree>).schemas as Tree
  const schemas: Tree = {}
  const queue = [...references(paths)]
  for (let reference = queue.pop(); reference; reference = queue.pop()) {
    if (!reference.startsWith('#/components/schemas/')) continue
    const name = reference.slice('#/components/schemas/'.length)
    if (name in schemas || all[name] === undefined) continue
    schemas[name] = withoutProse(all[name])
    queue.push(...references(schemas[name]))
  }
  const sorted = Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return { openapi: original.openapi ?? '3.0.0', paths, components: { schemas: sorted } }
}

export function trimAll(from: string): Record<string, Tree> {
  const read = (name: string) => JSON.parse(readFileSync(join(from, name), 'utf8')) as Tree
  const files: Record<string, Tree> = {
    'common/common-schemas.json': withoutProse(read('common/common-schemas.json')) as Tree,
  }
  for (const [name, kept] of Object.entries(KEPT)) files[name] = trim(read(name), kept)
  return files
}

const from = process.argv[2]
if (process.argv[1] === import.meta.filename && from) {
  for (const [name, tree] of Object.entries(trimAll(from)))
    writeFileSync(join(import.meta.dirname, name.replace('/', '.')), `${JSON.stringify(tree, null, 1)}\n`)
}
