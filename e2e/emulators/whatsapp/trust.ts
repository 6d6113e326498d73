import { WA_CERT_DETAILS } from '@whiskeysockets/baileys'

/**
 * Makes every WhatsApp socket of this process trust the emulator instead of WhatsApp. The only place that does so;
 * a process that called it can no longer verify the real service, so it is for sandboxes and tests.
 * Baileys 7.0.0-rc14 lets any signature pass and would connect without this too; a release that checks will not.
 */
export function trustEmulator(rootPublicKeyHex: string): void {
  if (!/^[0-9a-f]{64}$/i.test(rootPublicKeyHex)) {
    throw new Error(
      'The WhatsApp emulator root key must be 32 bytes in hex. Copy it from the line the emulator prints.',
    )
  }
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootPublicKeyHex, 'hex')
}
