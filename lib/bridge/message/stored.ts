/** The sealed columns of messages and parts: what is in them and where they are bound to. */
import type { TenantVault } from '@/db/vault'
import type { Content, Prepared } from '@/lib/channel/channel'
import type { MessageId, PartId, SessionId } from '@/lib/ids'

/** An outbound body as it was written, with the session or the number it is to leave from where one was named; an inbound one as it was heard. */
export type Body =
  | { kind: 'written'; text: string; attachments: string[]; fromPhone?: string; session?: SessionId }
  | { kind: 'heard'; content: Content }

const bodyPlace = (row: MessageId) => ({ table: 'messages', column: 'body', row })
const contentPlace = (row: PartId) => ({ table: 'parts', column: 'content', row })
const preparedPlace = (row: PartId) => ({ table: 'parts', column: 'prepared', row })

export const sealBody = (vault: TenantVault, id: MessageId, body: Body) =>
  vault.seal(bodyPlace(id), JSON.stringify(body))
export const openBody = (vault: TenantVault, id: MessageId, sealed: Buffer) =>
  JSON.parse(vault.open(bodyPlace(id), sealed).toString()) as Body
export const sealContent = (vault: TenantVault, id: PartId, content: Content) =>
  vault.seal(contentPlace(id), JSON.stringify(content))
export const openContent = (vault: TenantVault, id: PartId, sealed: Buffer) =>
  JSON.parse(vault.open(contentPlace(id), sealed).toString()) as Content
export const sealPrepared = (vault: TenantVault, id: PartId, prepared: Prepared) =>
  vault.seal(preparedPlace(id), prepared)
export const openPrepared = (vault: TenantVault, id: PartId, sealed: Buffer): Prepared =>
  vault.open(preparedPlace(id), sealed)
