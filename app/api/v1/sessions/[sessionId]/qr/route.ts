import { readQr } from '@/lib/bridge/session/read-pairing'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readQr, ({ ctx, actor, params }) => readQr(ctx, actor, params.sessionId))
