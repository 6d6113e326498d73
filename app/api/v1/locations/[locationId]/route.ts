import { readSubAccount } from '@/lib/bridge/sub-account/list'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readLocation, ({ ctx, actor, params }) =>
  readSubAccount(ctx, actor, params.locationId),
)
