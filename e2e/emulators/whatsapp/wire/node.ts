import { inflateSync } from 'node:zlib'
import { decodeDecompressedBinaryNode, encodeBinaryNode, type BinaryNode } from '@whiskeysockets/baileys'
import * as dictionary from '@whiskeysockets/baileys/lib/WABinary/constants.js'

export type Node = BinaryNode

/** The server itself: an address without a user. Clients compare it with the @ in it. */
export const SERVER = '@s.whatsapp.net'

/** Attributes that are undefined are left out. */
export function node(tag: string, attrs: Record<string, string | undefined> = {}, content?: Node['content']): Node {
  const given = Object.entries(attrs).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return content === undefined
    ? { tag, attrs: Object.fromEntries(given) }
    : { tag, attrs: Object.fromEntries(given), content }
}

export function children(parent: Node | undefined, tag?: string): Node[] {
  if (!parent || !Array.isArray(parent.content)) return []
  return tag === undefined ? parent.content : parent.content.filter((child) => child.tag === tag)
}

export function child(parent: Node | undefined, tag: string): Node | undefined {
  return children(parent, tag)[0]
}

/** The bytes of a node, or of its child with that tag. */
export function bytesOf(parent: Node | undefined, tag?: string): Buffer | undefined {
  const content = (tag === undefined ? parent : child(parent, tag))?.content
  if (content === undefined || Array.isArray(content)) return undefined
  return Buffer.from(content as Uint8Array)
}

export function uintOf(parent: Node | undefined, tag: string): number | undefined {
  const bytes = bytesOf(parent, tag)
  return bytes && bytes.length > 0 && bytes.length <= 6 ? bytes.readUIntBE(0, bytes.length) : undefined
}

export function uintBytes(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(value, 0, length)
  return bytes
}

/** Decoded at once rather than through a promise, so that frames are handled in the order they arrived. */
export function decodeNode(bytes: Buffer): Node {
  const compressed = ((bytes[0] ?? 0) & 2) !== 0
  const body = compressed ? inflateSync(bytes.subarray(1)) : bytes.subarray(1)
  return decodeDecompressedBinaryNode(body, dictionary)
}

export function encodeNode(stanza: Node): Buffer {
  return Buffer.from(encodeBinaryNode(stanza))
}
