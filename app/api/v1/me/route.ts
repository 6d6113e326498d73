import { readMe } from '@/lib/bridge/sub-account/read-me'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readMe, async ({ actor }) => readMe(actor))
