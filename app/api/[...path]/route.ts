import { guard } from '@/lib/http/guard'
import { BridgeError } from '@/lib/errors'

/** What programs ask for is answered in their own terms, also where there is nothing: never with a page for people. */
async function handle(request: Request): Promise<Response> {
  return await guard(request, '/api', () =>
    Promise.reject(new BridgeError('not_found', 'There is nothing at this address.')),
  )
}

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST, handle as PUT }
