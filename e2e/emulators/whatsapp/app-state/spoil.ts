import { proto } from '@whiskeysockets/baileys'

/** The same patch with one bit of a mac turned over. */
export function spoiled(bytes: Buffer, kind: string): Buffer {
  const patch = proto.SyncdPatch.decode(bytes)
  const mac = Buffer.from((kind === 'bad-patch-mac' ? patch.patchMac : patch.snapshotMac) ?? [])
  mac[0] = (mac[0] ?? 0) ^ 1
  const broken = kind === 'bad-patch-mac' ? { ...patch, patchMac: mac } : { ...patch, snapshotMac: mac }
  return Buffer.from(proto.SyncdPatch.encode(broken).finish())
}
