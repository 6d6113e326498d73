import { build } from './ensure-built'
import { runCommand } from './command'

runCommand(build)
