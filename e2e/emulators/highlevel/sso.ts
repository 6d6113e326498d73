import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** CryptoJS.AES with a passphrase, which is OpenSSL's salted format: MD5-derived key, AES-256-CBC, base64. */
function derive(secret: string, salt: Buffer): { key: Buffer; iv: Buffer } {
  let material = Buffer.alloc(0)
  let block = Buffer.alloc(0)
  while (material.length < 48) {
    block = createHash('md5')
      .update(Buffer.concat([block, Buffer.from(secret), salt]))
      .digest()
    material = Buffer.concat([material, block])
  }
  return { key: material.subarray(0, 32), iv: material.subarray(32, 48) }
}

export function encryptUserData(secret: string, plain: string, salt = randomBytes(8)): string {
  const { key, iv } = derive(secret, salt)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(plain, 'utf8'), cipher.final()]).toString('base64')
}

export function decryptUserData(secret: string, payload: string): string {
  const bytes = Buffer.from(payload, 'base64')
  const { key, iv } = derive(secret, bytes.subarray(8, 16))
  const decipher = createDecipheriv('aes-256-cbc', key, iv)
  return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString('utf8')
}
