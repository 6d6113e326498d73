import { changeSettings } from '@/lib/bridge/sub-account/change-settings'
import { readSettings } from '@/lib/bridge/sub-account/read-settings'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readSettings, ({ ctx, actor, params }) =>
  readSettings(ctx, actor, params.locationId),
)

export const PATCH = withUser(operations.changeSettings, ({ ctx, actor, params, body }) =>
  changeSettings(ctx, actor, { ...params, change: body }),
)
