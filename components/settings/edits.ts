import type { Settings } from '@/lib/bridge/sub-account/settings'

/** A change as such, so that it can be made to what others have saved in the meantime. Null: there it cannot be made. */
export type Edit<T> = (now: T) => T | null

/** Changes being saved, by sub-account: what the server answers meanwhile does not have them yet. */
const underWay = new Map<string, Set<Edit<Settings>>>()

export function beginEdit(locationId: string, edit: Edit<Settings>): () => void {
  const edits = underWay.get(locationId) ?? new Set()
  underWay.set(locationId, edits.add(edit))
  return () => void edits.delete(edit)
}

/** As it will be once the changes under way are saved. */
export const withEdits = (locationId: string, saved: Settings): Settings =>
  [...(underWay.get(locationId) ?? [])].reduce((now, edit) => edit(now) ?? now, saved)
