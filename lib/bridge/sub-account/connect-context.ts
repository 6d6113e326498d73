import type { OAuth } from '@/lib/highlevel/oauth'
import type { BridgeContext } from '../context'
import type { TokenStore } from './token-store'

/** What verbs need that connect sub-accounts to the CRM or keep them connected. */
export interface ConnectContext extends BridgeContext {
  oauth: OAuth
  tokens: TokenStore
}
