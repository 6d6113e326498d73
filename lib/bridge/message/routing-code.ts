/** The mark in outbound text that picks a session: `#WH2`. Read first, removed before anything else. Pure and linear in the text. */

export interface ParsedText {
  /** What is left to deliver. Byte for byte the input where nothing was removed. */
  text: string
  /** The priority the first code names, 0 included; null without a code. */
  priority: number | null
  /** The first code as written. */
  code: string | null
  /** Different priorities were named; the first one decides. */
  conflict: boolean
}

const blank = /[ \t\u00a0]/
const space = /[\s\u00a0]/
const invisible = /[\u200b-\u200d\u2060\ufeff]/
const leftEdges = new Set('([{"\'*_~')
const rightEdges = new Set(')]}"\'*_~.,;:!?|')
const punctuation = new Set('.,;:!?')

/** `aliases`: what other products call a session, for sub-accounts that come from one, is read too. */
export function parseRoutingCode(text: string, prefix: string, options: { aliases?: boolean } = {}): ParsedText {
  const marks = `(#{1,2})${prefix}(\\d+)`
  const alias = '#WA#(\\d+)|\\{\\{[ \\t]*WA#(\\d+)[ \\t]*\\}\\}|\\{WA#(\\d+)\\}'
  const token = new RegExp(options.aliases ? `${marks}|${alias}` : marks, 'gi')
  const cuts: { from: number; to: number; with: string }[] = []
  let code: string | null = null
  let priority: number | null = null
  let conflict = false

  for (const match of text.matchAll(token)) {
    const [whole, hashes = '#'] = match
    const digits = match.slice(2).find((group) => group !== undefined) ?? ''
    let from = match.index
    let to = from + whole.length
    while (from > 0 && invisible.test(text[from - 1]!)) from -= 1
    while (to < text.length && invisible.test(text[to]!)) to += 1
    const before = text[from - 1]
    const after = text[to]
    const edged =
      (before === undefined || space.test(before) || leftEdges.has(before)) &&
      (after === undefined || space.test(after) || rightEdges.has(after))
    if (!edged || digits.length > 2) continue
    if (hashes.length === 2) {
      // The escape: one of the two marks goes, the rest is ordinary text.
      cuts.push({ from: match.index, to: match.index + 1, with: '' })
      continue
    }
    const named = Number(digits)
    if (priority === null) {
      priority = named
      code = whole
    } else if (named !== priority) conflict = true
    cuts.push(cutAround(text, from, to))
  }
  return { text: remove(text, cuts), priority, code, conflict }
}

/** Widens a code's place to what has to go with it (a bar and its blanks, a whole line, doubled spaces). */
function cutAround(text: string, from: number, to: number): { from: number; to: number; with: string } {
  const barred = text[to] === '|'
  if (barred) {
    to += 1
    while (to < text.length && blank.test(text[to]!)) to += 1
  }
  let start = from
  while (start > 0 && blank.test(text[start - 1]!)) start -= 1
  let end = to
  while (end < text.length && blank.test(text[end]!)) end += 1
  const atStart = start === 0
  const lineStart = atStart || text[start - 1] === '\n'
  const textEnd = end === text.length
  const newline = text.startsWith('\r\n', end) ? 2 : text[end] === '\n' ? 1 : 0

  if (atStart || (lineStart && newline > 0)) return { from: start, to: end + newline, with: '' }
  if (lineStart && textEnd) {
    // Alone on the last line: the break before it goes too.
    return { from: start - (text[start - 2] === '\r' ? 2 : 1), to: end, with: '' }
  }
  if (textEnd || newline > 0) return { from: start, to: end, with: '' }
  if (barred) return { from, to, with: '' }
  // Nothing stands before it on its line that a space could part from what follows.
  if (lineStart) return { from, to: end, with: '' }
  if (punctuation.has(text[end]!)) return { from: start, to: end, with: '' }
  const spaced = start < from && end > to
  return spaced ? { from: start, to: end, with: ' ' } : { from, to, with: '' }
}

function remove(text: string, cuts: { from: number; to: number; with: string }[]): string {
  if (cuts.length === 0) return text
  const kept: string[] = []
  let at = 0
  for (const cut of cuts) {
    if (cut.to <= at) continue
    kept.push(text.slice(at, Math.max(at, cut.from)), cut.from < at && cut.with === ' ' ? '' : cut.with)
    at = cut.to
  }
  kept.push(text.slice(at))
  return kept.join('')
}
