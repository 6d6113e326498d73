import { runCommand } from './command'
import { typecheck } from './check-tools'

runCommand(async () => {
  if (!(await typecheck())) process.exitCode = 1
})
