import { findContacts } from '@/lib/bridge/contact/find'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.findContacts, ({ ctx, actor, params, query }) =>
  findContacts(ctx, actor, { ...params, ...query }),
)
