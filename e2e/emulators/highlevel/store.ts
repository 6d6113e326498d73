import { randomBytes, randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  Code,
  Company,
  CompanyInstall,
  Contact,
  Conversation,
  Install,
  Location,
  Message,
  Note,
  PendingWebhook,
} from './nouns'
import type { Tag, Token, Upload, User } from './nouns'

/**
 * Everything the emulated CRM knows, in memory. With a folder, each change is one line of a journal, so that killing
 * the emulator at any moment loses nothing; a start replays the journal and writes it anew, short.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export function newId(): string {
  let id = ''
  for (const byte of randomBytes(20)) id += ALPHABET[byte % ALPHABET.length]
  return id
}

export const newHexId = (): string => randomBytes(12).toString('hex')
export const newUuid = (): string => randomUUID()

export class Table<T> {
  readonly rows = new Map<string, T>()

  constructor(
    private readonly name: string,
    private readonly write: ((line: string) => void) | undefined,
    private readonly onChange?: (row: T, before: T | undefined) => void,
  ) {}

  get(id: string): T | undefined {
    return this.rows.get(id)
  }

  /** Rows are replaced, never changed in place: listeners and indexes see the one before. */
  put(id: string, row: T): T {
    const before = this.rows.get(id)
    this.rows.set(id, row)
    this.onChange?.(row, before)
    this.write?.(JSON.stringify([this.name, id, row]))
    return row
  }

  delete(id: string): void {
    if (this.rows.delete(id)) this.write?.(JSON.stringify([this.name, id, null]))
  }

  all(): T[] {
    return [...this.rows.values()]
  }

  replay(id: string, row: T | null): void {
    if (row === null) {
      this.rows.delete(id)
      return
    }
    const before = this.rows.get(id)
    this.rows.set(id, row)
    this.onChange?.(row, before)
  }
}

export type Store = ReturnType<typeof openStore>

export function openStore(dataDir?: string) {
  const file = dataDir ? join(dataDir, 'journal.jsonl') : undefined
  if (dataDir) mkdirSync(dataDir, { recursive: true })
  const write = file ? (line: string): void => appendFileSync(file, `${line}\n`) : undefined

  const messagesByConversation = new Map<string, string[]>()
  const conversationByContact = new Map<string, string>()
  const contactsByAddress = new Map<string, Set<string>>()

  const forget = (key: string, id: string): void => {
    contactsByAddress.get(key)?.delete(id)
  }
  const remember = (key: string, id: string): void => {
    const ids = contactsByAddress.get(key)
    if (ids) ids.add(id)
    else contactsByAddress.set(key, new Set([id]))
  }
  const addressesOf = (contact: Contact): string[] =>
    [contact.phone, contact.email?.toLowerCase()].filter(Boolean).map((address) => `${contact.locationId}|${address}`)

  const tables = {
    companies: new Table<Company>('companies', write),
    locations: new Table<Location>('locations', write),
    users: new Table<User>('users', write),
    contacts: new Table<Contact>('contacts', write, (row, before) => {
      if (before) for (const key of addressesOf(before)) forget(key, before.id)
      for (const key of addressesOf(row)) remember(key, row.id)
    }),
    conversations: new Table<Conversation>('conversations', write, (row) => {
      conversationByContact.set(row.contactId, row.id)
    }),
    messages: new Table<Message>('messages', write, (row, before) => {
      if (before) return
      const ids = messagesByConversation.get(row.conversationId)
      if (ids) ids.push(row.id)
      else messagesByConversation.set(row.conversationId, [row.id])
    }),
    notes: new Table<Note>('notes', write),
    tags: new Table<Tag>('tags', write),
    installs: new Table<Install>('installs', write),
    companyInstalls: new Table<CompanyInstall>('companyInstalls', write),
    codes: new Table<Code>('codes', write),
    tokens: new Table<Token>('tokens', write),
    uploads: new Table<Upload>('uploads', write),
    webhooks: new Table<PendingWebhook>('webhooks', write),
  }

  if (file && existsSync(file)) {
    const byName = tables as unknown as Record<string, Table<unknown>>
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (!line) continue
      const [name, id, row] = JSON.parse(line) as [string, string, unknown]
      byName[name]?.replay(id, row)
    }
    const kept = Object.entries(byName).flatMap(([name, table]) =>
      [...table.rows].map(([id, row]) => JSON.stringify([name, id, row])),
    )
    writeFileSync(`${file}.new`, kept.map((line) => `${line}\n`).join(''))
    renameSync(`${file}.new`, file)
  }

  return {
    ...tables,
    conversationOf: (contactId: string): Conversation | undefined => {
      const id = conversationByContact.get(contactId)
      return id ? tables.conversations.get(id) : undefined
    },
    messagesOf: (conversationId: string): Message[] =>
      (messagesByConversation.get(conversationId) ?? []).flatMap((id) => tables.messages.get(id) ?? []),
    contactsAt: (locationId: string, address: string): Contact[] =>
      [...(contactsByAddress.get(`${locationId}|${address}`) ?? [])].flatMap((id) => {
        const contact = tables.contacts.get(id)
        return contact ? [contact] : []
      }),
  }
}
