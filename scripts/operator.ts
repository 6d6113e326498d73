import { runCommand } from './command'
import { operate } from './operate'

runCommand(async () => console.log(await operate(process.argv.slice(2), process.env.DATABASE_URL?.trim())))
