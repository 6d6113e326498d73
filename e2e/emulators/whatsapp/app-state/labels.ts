import { parseJid } from '../address'
import type { Phone } from '../phone'
import { PhoneError, type World } from '../world'
import { associationOf, checkedLabelName, editOf } from './label-changes'
import type { Change } from './patch'

export interface Label {
  id: string
  name: string
  color: number
  /** The device that changed it last: 0 is the phone. */
  by: number
}

export interface SavedLabels {
  labels: Label[]
  /** Label, jid of the chat, number of the chat. One chat may be named by number and by private id. */
  chats: [string, string, string][]
  nextId: number
}

const MOST_LABELS = 20
const COLORS = 20

/** The labels of a business phone and the chats they are on. */
export class Labels {
  private readonly byId: Map<string, Label>
  private readonly chats: Map<string, { id: string; jid: string; number: string }>
  private nextId: number

  constructor(
    private readonly world: World,
    private readonly phone: Phone,
    saved?: SavedLabels,
  ) {
    this.byId = new Map((saved?.labels ?? []).map((label) => [label.id, label]))
    this.chats = new Map((saved?.chats ?? []).map(([id, jid, number]) => [`${id} ${jid}`, { id, jid, number }]))
    this.nextId = saved?.nextId ?? 1
  }

  save(): SavedLabels {
    const chats = [...this.chats.values()].map(({ id, jid, number }): [string, string, string] => [id, jid, number])
    return { labels: [...this.byId.values()], chats, nextId: this.nextId }
  }

  list(): Label[] {
    return [...this.byId.values()]
  }

  /** The ids of the labels on one chat. */
  on(number: string): string[] {
    const ids = [...this.chats.values()].filter((chat) => chat.number === number).map(({ id }) => id)
    return [...new Set(ids)].filter((id) => this.byId.has(id))
  }

  /** The numbers of all chats that have some label, with the ids of their labels. */
  everywhere(): { number: string; labels: string[] }[] {
    const byNumber = new Map<string, Set<string>>()
    for (const { id, number } of this.chats.values()) {
      if (!this.byId.has(id)) continue
      const ids = byNumber.get(number)
      if (ids) ids.add(id)
      else byNumber.set(number, new Set([id]))
    }
    return [...byNumber].map(([number, ids]) => ({ number, labels: [...ids] }))
  }

  create(name: string, color?: number): Label {
    this.mustHaveLabels()
    const checked = this.checkedName(name)
    if (this.byId.size >= MOST_LABELS) throw new PhoneError(`A phone has ${MOST_LABELS} labels at most.`)
    const id = String(this.nextId++)
    const label = { id, name: checked, color: color ?? Number(id) % COLORS, by: 0 }
    this.byId.set(id, label)
    this.say('label-created', 0, label)
    this.phone.state.write('regular', [editOf(label)])
    return label
  }

  rename(id: string, name: string): Label {
    this.mustHaveLabels()
    const label = { ...this.known(id), name: this.checkedName(name, id), by: 0 }
    this.byId.set(id, label)
    this.say('label-changed', 0, label)
    this.phone.state.write('regular', [editOf(label)])
    return label
  }

  /** The label is gone from every chat, too, without a word about each of them. */
  delete(id: string): void {
    this.mustHaveLabels()
    const label = this.known(id)
    this.drop(id)
    this.say('label-deleted', 0, label)
    this.phone.state.write('regular', [editOf(label, true)])
  }

  put(id: string, chat: { number: string; jid: string }, isOn: boolean): void {
    this.mustHaveLabels()
    const label = this.known(id)
    const held = [...this.chats.values()].filter((each) => each.id === id && each.number === chat.number)
    if (isOn === held.length > 0) return
    const jids = isOn ? [chat.jid] : held.map(({ jid }) => jid)
    for (const jid of jids) this.mark(id, jid, chat.number, isOn)
    this.say(isOn ? 'chat-labelled' : 'chat-unlabelled', 0, label, chat.number)
    this.phone.state.write(
      'regular',
      jids.map((jid) => associationOf(id, jid, isOn)),
    )
  }

  everything(): Change[] {
    const edits = this.list().map((label) => editOf(label))
    return [...edits, ...[...this.chats.values()].map(({ id, jid }) => associationOf(id, jid, true))]
  }

  /** A linked device changed a label, or put it on a chat or took it off. */
  hear(by: number, { index, value }: Change): void {
    const [kind, id = '', jid = ''] = index
    if (!this.phone.isBusiness) {
      this.world.violation('A linked device uses labels on a phone that has none', { number: this.phone.number, by })
      return
    }
    if (kind === 'label_edit') return this.hearEdit(by, id, value.labelEditAction ?? {})
    // Groups and broadcast lists can have labels too. This phone shows none of those chats.
    if (!parseJid(jid)) return
    const number = this.world.numberOf(jid)
    const isOn = value.labelAssociationAction?.labeled ?? false
    const label = this.byId.get(id)
    if (number === undefined || !label) {
      this.world.violation('A linked device uses a label or a chat nobody knows', { by, label: id, jid })
      return
    }
    const wasOn = this.on(number).includes(id)
    this.mark(id, jid, number, isOn)
    const isNowOn = this.on(number).includes(id)
    if (wasOn !== isNowOn) this.say(isNowOn ? 'chat-labelled' : 'chat-unlabelled', by, label, number)
  }

  private hearEdit(
    by: number,
    id: string,
    edit: { name?: string | null; color?: number | null; deleted?: boolean | null },
  ) {
    const before = this.byId.get(id)
    if (edit.deleted) {
      if (before) this.say('label-deleted', by, before)
      this.drop(id)
      return
    }
    const label = { id, name: edit.name ?? before?.name ?? '', color: edit.color ?? before?.color ?? 0, by }
    this.byId.set(id, label)
    if (Number(id) >= this.nextId) this.nextId = Number(id) + 1
    if (this.byId.size > MOST_LABELS) {
      this.world.violation('A linked device made more labels than a phone has', { number: this.phone.number, by })
    }
    this.say(before ? 'label-changed' : 'label-created', by, label)
  }

  private mark(id: string, jid: string, number: string, isOn: boolean): void {
    if (isOn) this.chats.set(`${id} ${jid}`, { id, jid, number })
    else this.chats.delete(`${id} ${jid}`)
  }

  private drop(id: string): void {
    this.byId.delete(id)
    for (const [key, chat] of this.chats) if (chat.id === id) this.chats.delete(key)
  }

  private say(kind: string, by: number, { id, name }: Label, chat?: string): void {
    this.phone.state.revision += 1
    const about = chat === undefined ? {} : { chat }
    this.world.history.add(kind, { phone: this.phone.number, labelId: id, label: name, ...about, by })
    this.world.changed(this.phone)
  }

  private known(id: string): Label {
    const label = this.byId.get(id)
    if (!label) throw new PhoneError('This phone has no such label any more.')
    return label
  }

  private checkedName(name: string, ownId?: string): string {
    const others = this.list().filter((label) => label.id !== ownId)
    return checkedLabelName(name, others)
  }

  private mustHaveLabels(): void {
    if (!this.phone.isBusiness) throw new PhoneError('Only WhatsApp Business has labels. This phone has WhatsApp.')
  }
}
