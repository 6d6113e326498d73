import { createDecipheriv, createHash } from 'node:crypto'
import { userData, type CrmIdentity } from './schemas'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const head = Buffer.from('Salted__')

/**
 * Reads the user data the CRM encrypts for the page in its iframe: OpenSSL's salted AES-256-CBC with an MD5 key derivation,
 * which authenticates nothing. Whatever fails, the answer is null: a caller that could tell padding from JSON would be an
 * oracle. What comes out is a claim until the CRM confirms the user.
 */
export function readUserData(payload: string, secret: string): CrmIdentity | null {
  try {
    const bytes = Buffer.from(payload, 'base64')
    if (bytes.length < 32 || bytes.length > 16_384 || !bytes.subarray(0, 8).equals(head)) return null
    const { key, iv } = derive(Buffer.from(secret), bytes.subarray(8, 16))
    const decipher = createDecipheriv('aes-256-cbc', key, iv)
    const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()])
    return userData.parse(JSON.parse(strictUtf8.decode(plain)))
  } catch {
    return null
  }
}

function derive(secret: Buffer, salt: Buffer): { key: Buffer; iv: Buffer } {
  const blocks: Buffer[] = []
  for (let i = 0; i < 3; i++)
    blocks.push(
      createHash('md5')
        .update(Buffer.concat([blocks[i - 1] ?? Buffer.alloc(0), secret, salt]))
        .digest(),
    )
  const material = Buffer.concat(blocks)
  return { key: material.subarray(0, 32), iv: material.subarray(32, 48) }
}
