// Time of a sandbox that can be moved (`--movable-time`): moved by a file, felt by all of its processes.
import { renameSync, watchFile, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '@/scripts/children'

const inFolder = (folder: string) => join(folder, 'time.json')

/** For this process's environment, from which those it starts inherit. */
export function movableTime(folder: string): { MOVED_TIME_FILE: string; NODE_OPTIONS: string } {
  const preload = pathToFileURL(join(root, 'e2e/sandbox/moved-time.mjs')).href
  return {
    MOVED_TIME_FILE: inFolder(folder),
    NODE_OPTIONS: [process.env.NODE_OPTIONS, `--import=${preload}`].filter(Boolean).join(' '),
  }
}

/** Sets the sandbox in this folder so far ahead of the machine. */
export function moveTime(folder: string, aheadMs: number): void {
  const draft = `${inFolder(folder)}.new`
  writeFileSync(draft, JSON.stringify({ aheadMs }))
  renameSync(draft, inFolder(folder))
}

/** What is scheduled looks at the clock once a minute; whoever moves it does not want to wait for that. */
export function whenTimeMoves(then: () => void): void {
  const file = process.env.MOVED_TIME_FILE
  if (file) watchFile(file, { interval: 100, persistent: false }, () => setTimeout(then, 100))
}
