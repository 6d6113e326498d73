import { listSubAccounts } from '@/lib/bridge/sub-account/list'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.listLocations, ({ ctx, actor, query }) => listSubAccounts(ctx, actor, query))
