/** A business phone with labels behind a recording line: what people do on it and what the app does are told in one order. */
import { hearLabels } from '@/lib/bridge/labels/hear-labels'
import { openBookRequest } from '@/lib/bridge/session/ask-for-book'
import { hearBookRead } from '@/lib/bridge/session/hear-book-read'
import { SendError, type LabelChange, type Line, type LineEvent } from '@/lib/channel/channel'
import { recordingLine, type BridgeKit } from './bridge-kit'
import { personOf, type Owned } from './tag-kit'

type Told = Extract<LineEvent, { type: 'labels' }>

export interface LabelPhone {
  owned: Owned
  line: Line
  /** What the app asked for, in order, whether it changed anything or not. */
  asked: LabelChange[]
  /** Thrown instead of the next changes, one each; the change is made all the same where `applied`. */
  failNext: { error: Error; applied: boolean }[]
  names(): string[]
  labelsOn(phone: string): string[]
  make(name: string): string
  rename(from: string, to: string): void
  remove(name: string): void
  put(name: string, phone: string): void
  take(name: string, phone: string): void
  /** Tells the app what it has not heard yet, at most so many events. */
  tell(most?: number): Promise<void>
  toldCount(): number
  /** The app died before it had stored the last events: they will be told again. */
  forgetToHaveTold(count: number): void
  /** Answers a question for all labels. */
  tellBook(): Promise<void>
}

export function labelPhone(kit: BridgeKit, owned: Owned): LabelPhone {
  const labels = new Map<string, { name: string; color: number }>()
  const on = new Map<string, Set<string>>()
  const log: Told[] = []
  const asked: LabelChange[] = []
  const failNext: LabelPhone['failNext'] = []
  let told = 0
  let lastId = 0

  const phoneOf = (address: string) => `+${address.split('@')[0]}`
  const save = (labelId: string, name: string, color: number) => {
    const before = labels.get(labelId)
    if (before?.name === name && before.color === color) return
    labels.set(labelId, { name, color })
    log.push({ type: 'labels', labels: [{ labelId, name, color, deleted: false }], marks: [] })
  }
  const erase = (labelId: string) => {
    const label = labels.get(labelId)
    if (!label) return
    labels.delete(labelId)
    on.delete(labelId)
    log.push({ type: 'labels', labels: [{ labelId, ...label, deleted: true }], marks: [] })
  }
  const mark = (labelId: string, phone: string, isOn: boolean) => {
    const chats = on.get(labelId) ?? new Set<string>()
    if (chats.has(phone) === isOn) return
    if (isOn) chats.add(phone)
    else chats.delete(phone)
    on.set(labelId, chats)
    log.push({ type: 'labels', labels: [], marks: [{ labelId, chat: personOf(phone), on: isOn }] })
  }
  const change = (it: LabelChange) => {
    if (it.do === 'save') save(it.labelId, it.name, it.color)
    else if (it.do === 'delete') erase(it.labelId)
    else if (!labels.has(it.labelId)) throw new SendError('no such label', { fate: 'not_sent', final: true })
    else mark(it.labelId, phoneOf(it.chat), it.do === 'put')
  }
  const idsOf = (name: string) => [...labels].flatMap(([id, label]) => (label.name === name ? [id] : []))
  const idOf = (name: string) => {
    const [id] = idsOf(name)
    if (id === undefined) throw new Error(`the phone has no label ${name}`)
    return id
  }
  const line: Line = {
    ...recordingLine(),
    async changeLabel(it) {
      asked.push(it)
      const failure = failNext.shift()
      if (!failure || failure.applied) change(it)
      if (failure) throw failure.error
    },
  }
  return {
    owned,
    line,
    asked,
    failNext,
    names: () => [...labels.values()].map((label) => label.name).toSorted(),
    labelsOn: (phone) => [...labels].flatMap(([id, { name }]) => (on.get(id)?.has(phone) ? [name] : [])).toSorted(),
    make(name) {
      save(String(++lastId), name, 0)
      return String(lastId)
    },
    rename: (from, to) => save(idOf(from), to, 0),
    remove: (name) => erase(idOf(name)),
    // Two labels may have one name, made here and by the app at the same moment; people see the name.
    put(name, phone) {
      if (!idsOf(name).some((id) => on.get(id)?.has(phone))) mark(idOf(name), phone, true)
    },
    take(name, phone) {
      for (const id of idsOf(name)) mark(id, phone, false)
    },
    async tell(most = Infinity) {
      for (let n = 0; n < most && told < log.length; n++) {
        await hearLabels(kit.ctx, owned, log[told]!)
        told += 1
      }
    },
    toldCount: () => told,
    forgetToHaveTold: (count) => {
      told = Math.max(0, told - count)
    },
    async tellBook() {
      await this.tell()
      await hearLabels(kit.ctx, owned, {
        type: 'labels',
        labels: [...labels].map(([labelId, label]) => ({ labelId, ...label, deleted: false })),
        marks: [...on].flatMap(([labelId, chats]) =>
          [...chats].map((phone) => ({ labelId, chat: personOf(phone), on: true })),
        ),
      })
      await hearBookRead(kit.ctx, owned, 'labels', (await openBookRequest(kit.ctx, owned.id, 'labels')) ?? '')
    },
  }
}
