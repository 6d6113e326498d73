import { encodeSyncdPatch, newLTHashState, proto, type BinaryNode } from '@whiskeysockets/baileys'
import { BareApp } from './bare-app'
import type { PhoneClient } from './client'
import { StateSeen } from './state-seen'
import type { WhatsAppEmulator } from './server'

const { SET } = proto.SyncdMutation.SyncdOperation
export const jid = (number: string) => `${number}@s.whatsapp.net`
export const contentOf = (parent: BinaryNode | undefined) => (Array.isArray(parent?.content) ? parent.content : [])

/** Linked devices of one test, which verify every mac they are shown. */
export class LinkedApps {
  private readonly apps: BareApp[] = []

  open(emulator: WhatsAppEmulator, config = {}, auth?: BareApp['auth']): { app: BareApp; seen: StateSeen } {
    const verifying = { appStateMacVerification: { patch: true, snapshot: true } }
    const app = new BareApp(emulator.webSocketUrl, auth, { ...verifying, ...config })
    this.apps.push(app)
    return { app, seen: new StateSeen(app) }
  }

  /** Resolves when the device has been told everything there was. */
  async link(emulator: WhatsAppEmulator, phone: PhoneClient, config = {}): Promise<{ app: BareApp; seen: StateSeen }> {
    const { app, seen } = this.open(emulator, config)
    await app.linkByQr(phone)
    await seen.synced()
    return { app, seen }
  }

  async stopAll(): Promise<void> {
    for (const app of this.apps.splice(0)) await app.stop()
  }
}

/**
 * Writes a contact without leaving it to Baileys, which does not look at the answer. Resolves with the answer for
 * the collection.
 */
export async function writeContact(
  app: BareApp,
  contact: { number: string; name: string },
  version: number,
  spoil?: (patch: proto.ISyncdPatch) => void,
): Promise<BinaryNode | undefined> {
  const { creds, keys } = app.auth
  const known = await keys.get('app-state-sync-version', ['critical_unblock_low'])
  const { patch } = await encodeSyncdPatch(
    {
      type: 'critical_unblock_low',
      index: ['contact', jid(contact.number)],
      syncAction: { contactAction: { fullName: contact.name }, timestamp: Date.now() },
      apiVersion: 2,
      operation: SET,
    },
    creds.myAppStateKeyId ?? '',
    known.critical_unblock_low ?? newLTHashState(),
    async (id) => (await keys.get('app-state-sync-key', [id]))[id],
  )
  spoil?.(patch)
  return writeBytes(app, 'critical_unblock_low', version, proto.SyncdPatch.encode(patch).finish())
}

export async function writeBytes(app: BareApp, name: string, version: number, bytes: Uint8Array) {
  const attrs = { name, version: String(version), return_snapshot: 'false' }
  const collection = { tag: 'collection', attrs, content: [{ tag: 'patch', attrs: {}, content: bytes }] }
  const answer = (await app.socket.query({
    tag: 'iq',
    attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'w:sync:app:state' },
    content: [{ tag: 'sync', attrs: {}, content: [collection] }],
  })) as BinaryNode | undefined
  return contentOf(contentOf(answer)[0])[0]
}
