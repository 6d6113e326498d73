import { deflateSync } from 'node:zlib'
import { proto } from '@whiskeysockets/baileys'
import { jidOf, lidOf } from '../address'
import type { Bubble } from '../chat'
import type { Companion } from '../companion'
import type { Phone } from '../phone'
import type { World } from '../world'
import { sealBlob } from './blobs'
import { sendPeer } from './peer'
import { shareKeys } from './sync-keys'

const { Type } = proto.Message.ProtocolMessage
const { HistorySyncType } = proto.HistorySync
const BUBBLES_AT_ONCE = 50
const OLDER_BUBBLES = 500

/** What a phone sends a device it has just linked: the keys for app state, who is who, then its chats. */
export async function sendFirstHistory(world: World, phone: Phone, companion: Companion): Promise<void> {
  phone.state.begin()
  await shareKeys(world, phone, companion)
  const peers = phone.chats.peers().flatMap((number) => world.reach(number) ?? [])
  const saved = phone.book.list().filter(({ isOnWhatsApp }) => isOnWhatsApp)
  const numbers = new Set([
    ...peers.filter((peer) => !peer.settings.hidesNumber).map(({ number }) => number),
    ...saved.map(({ number }) => number),
  ])
  await sendHistory(world, phone, companion, {
    syncType: HistorySyncType.INITIAL_BOOTSTRAP,
    conversations: peers.map((peer) => conversation(phone, peer, bubblesOf(phone, peer).slice(-BUBBLES_AT_ONCE))),
    phoneNumberToLidMappings: [...numbers].map((number) => {
      const person = { number, lid: lidOf(number) }
      return { pnJid: jidOf(person, 'pn'), lidJid: jidOf(person, 'lid') }
    }),
    chunkOrder: 1,
    progress: 50,
  })
  const named = new Set([...peers, ...saved.flatMap(({ number }) => world.known(number) ?? [])])
  await sendHistory(world, phone, companion, {
    syncType: HistorySyncType.PUSH_NAME,
    pushnames: [...named].map((peer) => {
      return { id: jidOf(peer, numbers.has(peer.number) ? 'pn' : 'lid'), pushname: peer.name }
    }),
  })
  const older = peers.flatMap((peer) => {
    const bubbles = bubblesOf(phone, peer).slice(-BUBBLES_AT_ONCE - OLDER_BUBBLES, -BUBBLES_AT_ONCE)
    return bubbles.length > 0 ? [conversation(phone, peer, bubbles)] : []
  })
  await sendHistory(world, phone, companion, {
    syncType: HistorySyncType.RECENT,
    conversations: older,
    chunkOrder: 1,
    progress: 100,
  })
}

const bubblesOf = (phone: Phone, peer: Phone) => phone.chats.with(peer.number)

function conversation(phone: Phone, peer: Phone, bubbles: Bubble[]) {
  return {
    id: jidOf(peer, peer.settings.addressing),
    // Only a name the owner saved: what people call themselves travels apart from the chats.
    name: phone.book.nameOf(peer.number) ?? null,
    lidJid: jidOf(peer, 'lid'),
    ...(peer.settings.hidesNumber ? {} : { pnJid: jidOf(peer, 'pn') }),
    unreadCount: bubbles.filter((bubble) => bubble.status === 'received').length,
    conversationTimestamp: Math.floor((bubbles.at(-1)?.at ?? Date.now()) / 1000),
    messages: bubbles.map((bubble) => ({ message: historical(peer, bubble) })).reverse(),
  }
}

function historical(peer: Phone, bubble: Bubble) {
  return {
    key: { remoteJid: jidOf(peer, peer.settings.addressing), fromMe: bubble.direction === 'out', id: bubble.id },
    message: { conversation: bubble.text },
    messageTimestamp: Math.floor(bubble.at / 1000),
  }
}

async function sendHistory(world: World, phone: Phone, companion: Companion, sync: proto.IHistorySync): Promise<void> {
  const payload = deflateSync(proto.HistorySync.encode(sync).finish())
  await sendPeer(world, phone, companion, {
    protocolMessage: {
      type: Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: sync.syncType as number,
        chunkOrder: sync.chunkOrder ?? null,
        progress: sync.progress ?? null,
        ...(world.fullSync === 'blob' && sync.syncType === HistorySyncType.RECENT
          ? downloadable(world, payload)
          : { initialHistBootstrapInlinePayload: payload }),
      },
    },
  })
}

function downloadable(world: World, payload: Buffer) {
  const { fileSizeBytes, ...found } = sealBlob(world, payload, 'WhatsApp History Keys')
  return { ...found, fileLength: fileSizeBytes }
}
