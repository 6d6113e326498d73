import 'server-only'
import { web } from './context'
import { identify, type Identified } from './identify'

/** Who sends this request. Throws BridgeError `unauthenticated`. */
export async function actorOf(request: Request): Promise<Identified> {
  return await identify(await web(), request)
}
