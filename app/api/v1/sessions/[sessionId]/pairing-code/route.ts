import { requestPairingCode } from '@/lib/bridge/session/request-pairing-code'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.requestPairingCode, ({ ctx, actor, params, body }) =>
  requestPairingCode(ctx, actor, { ...params, ...body }),
)
