import 'server-only'
import { readEnv } from '@/lib/env'
import { composeWeb, type Web } from './web'

// Next bundles routes separately, so a module's own variable would be one composition, and one pool, per bundle.
const held = globalThis as { trunklineWeb?: Web }

/** The web's composition, made once per process when first needed. */
export function web(): Promise<Web> {
  // Pacing is the worker's, so the web takes either value; `npm run web` refuses what a worker would.
  held.trunklineWeb ??= composeWeb(readEnv(process.env, { isLenient: true }))
  return Promise.resolve(held.trunklineWeb)
}
