// What both emulators saw around messages that came out of order, for whoever must find out why.
import type { HistoryEvent } from '../emulators/history'
import type { FaultWorld } from './world'

const around = 2

/** The life of each text and of its neighbours in the chat, by the one clock both emulators share. */
export function explain(world: FaultWorld, texts: readonly string[]): string {
  const whatsapp = world.network.history.since(0)
  const crm = world.emulator.history.since(0)
  const written = whatsapp.filter((event) => event.kind === 'sent-by-person')
  return texts
    .slice(0, 2)
    .map((text) => {
      const it = written.find((event) => event.text === text)
      const chat = written.filter((event) => event.from === it?.from && event.to === it?.to)
      const at = chat.findIndex((event) => event === it)
      const near = chat.slice(Math.max(0, at - around), at + around + 1)
      const names = new Map(near.map((event) => [String(event.id), String(event.text)]))
      const told = (event: HistoryEvent) =>
        names.get(String(event.id)) ??
        (Array.isArray(event.ids) ? names.get(String(event.ids.find((id) => names.has(String(id))))) : undefined) ??
        (near.some(({ text: each }) => each === event.text) ? String(event.text) : undefined)
      return [...whatsapp, ...crm]
        .filter((event) => told(event) !== undefined)
        .sort((a, b) => a.stamp - b.stamp)
        .map((event) => `    ${event.stamp.toFixed(1)} ${told(event)} ${JSON.stringify(event).slice(0, 260)}`)
        .join('\n')
    })
    .join('\n\n')
}
