import { deflateSync } from 'node:zlib'
import { proto } from '@whiskeysockets/baileys'
import { jidOf } from '../address'
import type { Bubble } from '../chat'
import type { Companion } from '../companion'
import type { Phone } from '../phone'
import type { World } from '../world'
import { sendPeer } from './peer'
import { shareKeys } from './sync-keys'

const { Type } = proto.Message.ProtocolMessage
const { HistorySyncType } = proto.HistorySync
const BUBBLES_PER_CHAT = 50

/** What a phone sends a device it has just linked: the key for app state, then its chats. */
export async function sendFirstHistory(world: World, phone: Phone, companion: Companion): Promise<void> {
  phone.state.begin()
  await shareKeys(world, phone, companion)
  const peers = phone.chats.peers().flatMap((number) => world.reach(number) ?? [])
  await sendHistory(world, phone, companion, {
    syncType: HistorySyncType.INITIAL_BOOTSTRAP,
    conversations: peers.map((peer) => conversation(phone, peer)),
    phoneNumberToLidMappings: peers
      .filter((peer) => !peer.settings.hidesNumber)
      .map((peer) => ({ pnJid: jidOf(peer, 'pn'), lidJid: jidOf(peer, 'lid') })),
    progress: 50,
  })
  await sendHistory(world, phone, companion, {
    syncType: HistorySyncType.PUSH_NAME,
    pushnames: peers.map((peer) => ({ id: jidOf(peer, 'pn'), pushname: peer.name })),
  })
  await sendHistory(world, phone, companion, { syncType: HistorySyncType.RECENT, conversations: [], progress: 100 })
}

function conversation(phone: Phone, peer: Phone) {
  const bubbles = phone.chats.with(peer.number).slice(-BUBBLES_PER_CHAT)
  return {
    id: jidOf(peer, peer.settings.addressing),
    name: peer.name,
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
        chunkOrder: 1,
        progress: sync.progress ?? null,
        initialHistBootstrapInlinePayload: payload,
      },
    },
  })
}
