import { proto } from '@whiskeysockets/baileys'
import { sharedKey, type SyncKey } from '../app-state/sync-keys'
import type { Companion } from '../companion'
import type { Phone } from '../phone'
import type { World } from '../world'
import { sendPeer } from './peer'

const { Type } = proto.Message.ProtocolMessage

/** Gives a linked device every key it needs to read this account's state, the one to write with last. */
export async function shareKeys(
  world: World,
  phone: Phone,
  companion: Companion,
  keys: readonly SyncKey[] = phone.state.keys.list(),
): Promise<void> {
  const about = { number: phone.number, device: companion.device, keys: keys.length }
  if (world.faults.appState.isWithheld(phone.number)) {
    world.history.add('sync-keys-withheld', about)
    return
  }
  if (keys === phone.state.keys.list()) companion.keysKnown = keys.length
  world.history.add('sync-keys-shared', about)
  await sendPeer(world, phone, companion, {
    protocolMessage: { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys: keys.map(sharedKey) } },
  })
}

/** Brings every linked device up to the newest key. */
export function announceKeys(world: World, phone: Phone): void {
  for (const companion of [...phone.companions]) bringUpToDate(world, phone, companion)
}

export function bringUpToDate(world: World, phone: Phone, companion: Companion): void {
  if (!companion.hasHistory || world.faults.appState.isWithheld(phone.number)) return
  // A device may have been linked by an emulator that knew nothing of all this.
  phone.state.begin()
  if (companion.keysKnown === phone.state.keys.list().length) return
  const sharing = phone.inTurn(() => shareKeys(world, phone, companion))
  world.background('sharing sync keys', sharing)
}

/** A linked device lacks keys and asks its phone. The phone answers with those it has. */
export async function answerKeyRequest(
  world: World,
  phone: Phone,
  device: number,
  request: proto.Message.IAppStateSyncKeyRequest,
): Promise<void> {
  const companion = phone.companion(device)
  const asked = (request.keyIds ?? []).map(({ keyId }) => Buffer.from(keyId ?? []))
  world.history.add('sync-keys-requested', { number: phone.number, device, keys: asked.length })
  const known = asked.flatMap((id) => phone.state.keys.byId(id) ?? [])
  if (companion && known.length > 0) await phone.inTurn(() => shareKeys(world, phone, companion, known))
}
