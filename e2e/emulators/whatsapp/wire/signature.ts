import * as curve from 'libsignal/src/curve.js'

// Baileys' own check takes any signature of the right length, because libsignal answers false instead of throwing.
interface Verifier {
  verifySignature(publicKey: Buffer, message: Buffer, signature: Buffer): boolean
}

export function verifySignature(publicKey: Buffer, message: Buffer, signature: Buffer): boolean {
  return signature.length === 64 && (curve as unknown as Verifier).verifySignature(publicKey, message, signature)
}
