import type { BareApp } from './bare-app'

interface LabelSeen {
  id: string
  name: string
  color: number
  deleted: boolean
}

/** What a linked device knows of contacts and labels, put together from everything Baileys reported. */
export class StateSeen {
  readonly names = new Map<string, string | undefined>()
  readonly labels = new Map<string, LabelSeen>()
  /** Label and chat of every label that is on. */
  readonly labelled = new Set<string>()
  readonly pushNames = new Map<string, string>()
  private read = 0

  constructor(private readonly app: BareApp) {}

  /** Resolves once the device has been through its first sync of everything. */
  async synced(): Promise<void> {
    await this.until('the first sync', () => (this.app.auth.creds.accountSyncCounter ?? 0) > 0)
  }

  async until(what: string, isSo: () => boolean, timeoutMs?: number): Promise<void> {
    const look = () => {
      this.catchUp()
      return isSo() ? true : undefined
    }
    if (look()) return
    await this.app.waitForAny(what, look, timeoutMs)
  }

  private catchUp(): void {
    for (; this.read < this.app.seen.length; this.read++) {
      const entry = this.app.seen[this.read]
      if (entry?.kind === 'event') this.hear(entry.name, entry.value)
    }
  }

  private hear(name: string, value: unknown): void {
    if (name === 'contacts.upsert') {
      for (const contact of value as { id: string; name?: string }[]) this.names.set(contact.id, contact.name)
    }
    if (name === 'labels.edit') {
      const label = value as LabelSeen
      this.labels.set(label.id, label)
    }
    if (name === 'labels.association') {
      const { type, association } = value as { type: string; association: { labelId: string; chatId: string } }
      const key = `${association.labelId} ${association.chatId}`
      if (type === 'add') this.labelled.add(key)
      else this.labelled.delete(key)
    }
    if (name === 'messaging-history.set') {
      for (const { id, name: saved, notify } of (
        value as { contacts: { id: string; name?: string; notify?: string }[] }
      ).contacts) {
        if (notify) this.pushNames.set(id, notify)
        if (saved) this.names.set(id, saved)
      }
    }
  }
}
