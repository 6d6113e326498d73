// Starts a process that composes itself when it is imported, so that what stops it is a sentence, not a stack.
import { pathToFileURL } from 'node:url'
import { runCommand } from './command'

runCommand(async () => {
  const [file] = process.argv.splice(2, 1)
  if (!file) throw new Error('Name the file to run')
  await import(pathToFileURL(file).href)
})
