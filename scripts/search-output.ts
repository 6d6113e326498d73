// Looks for what must not be there in everything the processes of a test run wrote.
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { canaries, keyWords, type Canary } from '@/e2e/canaries'

export interface Searched {
  outputDir: string
  /** Names of the canaries that tests really used. */
  planted: readonly string[]
  /** What else must stay secret, by its name: made for this run. */
  secrets?: Readonly<Record<string, string>>
  /** Further files: what the database wrote. */
  files?: readonly string[]
}

/** Complaints; none means that the output was read and is clean. */
export async function searchOutput({ outputDir, planted, ...more }: Searched): Promise<string[]> {
  const words = wordsOf(more.secrets)
  const blind = await selfCheck(words)
  if (blind.length > 0) return [`the search itself is blind to: ${blind.join(', ')}`]
  const { files, hits } = await search(outputDir, words, more.files)
  const complaints = hits.map(({ file, line, word }) => `${file}:${line} holds the canary "${word}"`)
  if (files === 0) complaints.push(`no output was captured in ${outputDir}, so nothing was searched`)
  const missing = Object.keys(canaries).filter((name) => !planted.includes(name))
  if (missing.length > 0) complaints.push(`no test planted the canary: ${missing.join(', ')}`)
  return complaints
}

type Word = [name: string, text: string]

/** Words by their names, since the texts themselves would then stand in the runner's own output. */
function wordsOf(secrets: Searched['secrets'] = {}): Word[] {
  const spellings = Object.entries(canaries).flatMap(([name, text]): Word[] => {
    const digits = text.replace(/\D/g, '')
    return (name as Canary) === 'phone' ? [[name, digits]] : [[name, text]]
  })
  return [...spellings, ...keyWords.map((word): Word => [word, word]), ...Object.entries(secrets)]
}

async function search(
  folder: string,
  words: readonly Word[],
  more: readonly string[] = [],
): Promise<{ files: number; hits: { file: string; line: number; word: string }[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  if (files.length > 0) files.push(...more)
  const hits: { file: string; line: number; word: string }[] = []
  for (const file of files) {
    let line = 0
    for await (const text of createInterface({ input: createReadStream(file) })) {
      line += 1
      for (const [word, spelling] of words) if (text.includes(spelling)) hits.push({ file, line, word })
    }
  }
  return { files: files.length, hits }
}

/** Plants every word once in a file of its own and returns those that were not found again. */
async function selfCheck(words: readonly Word[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-canary-'))
  try {
    for (const [name, text] of words) await writeFile(join(folder, name), `before\n{"msg":"x${text}y"}\nafter\n`)
    const { hits } = await search(folder, words)
    return words
      .map(([name]) => name)
      .filter((name) => !hits.some((hit) => hit.word === name && hit.line === 2 && hit.file === join(folder, name)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
