import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, type ChildSpec } from './children'

const NEXT = 'node_modules/next/dist/bin/next'

export function webProcess(env: NodeJS.ProcessEnv, port: number, mode: 'start' | 'dev' = 'start'): ChildSpec {
  if (!existsSync(join(root, NEXT))) throw new Error('next is not installed. Run npm ci first.')
  return {
    name: 'web',
    file: NEXT,
    args: [mode, '--port', String(port)],
    env: { ...env, PORT: String(port), NODE_ENV: mode === 'dev' ? 'development' : 'production' },
  }
}
