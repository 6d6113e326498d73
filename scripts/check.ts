// npm run check: everything that can be judged without running the product. All checks run, so that one run tells all.
import { floors, format, lint, lockFile, migrations, typecheck } from './check-tools'
import { runCommand } from './command'

runCommand(async () => {
  const failed: string[] = []
  for (const [name, check] of Object.entries({
    lint,
    format,
    floors,
    'lock file': lockFile,
    types: typecheck,
    migrations,
  })) {
    const isFine = await check()
    console.log(`${isFine ? '✓' : '✗'} ${name}`)
    if (!isFine) failed.push(name)
  }
  if (failed.length > 0) throw new Error(`Not right: ${failed.join(', ')}`)
})
