// Strings that must never leave a process through its output. Tests plant them where real secrets and content would be; the
// test runner then searches everything that every process wrote.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const canaries = {
  body: 'canary body kestrel-4417 over the quarry',
  name: 'Canary Name Ottoline Quillfeather',
  phone: '+15550174417',
  token: 'canary-token-9f2c71d0a4be4417',
  key: 'canary-key-5b1e08c3d7aa4417ffab',
  /** In every access and refresh token the emulated CRM gives. */
  crmToken: 'canary-crm-token-4417-a7',
  /** In every QR code; in base64's letters, as the network's references are. */
  qr: 'canaryQrRef4417x',
} as const

export type Canary = keyof typeof canaries

/** What libsignal prints of its key stores when nobody stops it. */
export const keyWords = ['privKey', 'rootKey', 'chainKey'] as const

const told = new Set<Canary>()

/** The canary's text, for use as content; the runner learns that it was really planted. */
export function plant(name: Canary): string {
  const folder = process.env.TEST_PLANTED_DIR
  if (folder && !told.has(name)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), '')
    told.add(name)
  }
  return canaries[name]
}
