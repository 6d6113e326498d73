import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BufferJSON } from '@whiskeysockets/baileys'
import type { Phone, SavedPhone, SavedShared } from './phone'
import { newKeyPair, type KeyPair } from './wire/certificate'
import type { World } from './world'

const WRITE_EVERY_MS = 200
// A phone with many messages takes long to write, and must not keep the emulator busy with nothing else.
const REST_PER_WRITE = 20

function read<T>(path: string): T | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8'), BufferJSON.reviver) as T) : undefined
}

// A file is replaced whole, so that a crash in the middle leaves the one before.
function write(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value, BufferJSON.replacer))
  renameSync(`${path}.new`, path)
}

export interface ServerKeys {
  root: KeyPair
  serverStatic: KeyPair
}

export function loadServerKeys(dataDir: string | undefined): ServerKeys {
  const path = dataDir && join(dataDir, 'server-keys.json')
  const saved = path ? read<ServerKeys>(path) : undefined
  if (saved) return saved
  const made = { root: newKeyPair(), serverStatic: newKeyPair() }
  if (dataDir && path) {
    mkdirSync(dataDir, { recursive: true })
    write(path, made)
  }
  return made
}

/** Loads every phone and writes each one again a moment after it changed. Returns the last, complete write. */
export function keepPhones(world: World, dataDir: string): () => void {
  const folder = join(dataDir, 'phones')
  const sharedFolder = join(dataDir, 'shared')
  for (const each of [folder, sharedFolder]) mkdirSync(each, { recursive: true })
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const saved = read<SavedPhone>(join(folder, file))
    if (saved) world.restore(saved, read<SavedShared>(join(sharedFolder, file)))
  }
  const changed = new Set<Phone>()
  const restUntil = new Map<Phone, number>()
  const sharedAt = new Map<Phone, number>()
  const save = (phone: Phone) => {
    const began = Date.now()
    changed.delete(phone)
    const { revision } = phone.state
    if (revision !== (sharedAt.get(phone) ?? 0)) {
      write(join(sharedFolder, `${phone.number}.json`), phone.saveShared())
      sharedAt.set(phone, revision)
    }
    write(join(folder, `${phone.number}.json`), phone.save())
    restUntil.set(phone, Date.now() + (Date.now() - began) * REST_PER_WRITE)
  }
  const flush = () => {
    for (const phone of changed) if ((restUntil.get(phone) ?? 0) <= Date.now()) save(phone)
  }
  const stop = world.watch((phone) => changed.add(phone))
  const timer = setInterval(flush, WRITE_EVERY_MS)
  timer.unref()
  return () => {
    stop()
    clearInterval(timer)
    for (const phone of world.list()) save(phone)
  }
}
