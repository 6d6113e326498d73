import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { Curve, hkdf, proto } from '@whiskeysockets/baileys'
import { newKeyPair, type KeyPair } from './certificate'

const MODE = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0')
const EMPTY = Buffer.alloc(0)
const TAG_LENGTH = 16

function ivOf(counter: number): Buffer {
  const iv = Buffer.alloc(12)
  iv.writeUInt32BE(counter, 8)
  return iv
}

function seal(plaintext: Uint8Array, key: Buffer, counter: number, aad: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, ivOf(counter))
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

function open(ciphertext: Uint8Array, key: Buffer, counter: number, aad: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, ivOf(counter))
  decipher.setAAD(aad)
  decipher.setAuthTag(ciphertext.subarray(ciphertext.length - TAG_LENGTH))
  return Buffer.concat([decipher.update(ciphertext.subarray(0, ciphertext.length - TAG_LENGTH)), decipher.final()])
}

/** The server's half of Noise XX, then the transport cipher. One per connection. */
export class NoiseServer {
  private hash: Buffer = MODE
  private salt: Buffer = MODE
  private key: Buffer = MODE
  private counter = 0
  private readonly ephemeral = newKeyPair()
  private transport?: { readKey: Buffer; writeKey: Buffer; reads: number; writes: number }

  constructor(
    header: Buffer,
    private readonly serverStatic: KeyPair,
    private readonly chain: Buffer,
  ) {
    this.authenticate(header)
  }

  get isOpen(): boolean {
    return this.transport !== undefined
  }

  answerHello(body: Buffer): Buffer {
    const clientEphemeral = proto.HandshakeMessage.decode(body).clientHello?.ephemeral
    if (!clientEphemeral || clientEphemeral.length !== 32) throw new Error('The client hello has no ephemeral key')
    this.authenticate(clientEphemeral)
    this.authenticate(this.ephemeral.public)
    this.mix(Curve.sharedKey(this.ephemeral.private, clientEphemeral))
    const encryptedStatic = this.encryptHandshake(this.serverStatic.public)
    this.mix(Curve.sharedKey(this.serverStatic.private, clientEphemeral))
    const payload = this.encryptHandshake(this.chain)
    return Buffer.from(
      proto.HandshakeMessage.encode({
        serverHello: { ephemeral: this.ephemeral.public, static: encryptedStatic, payload },
      }).finish(),
    )
  }

  hearFinish(body: Buffer): { clientStatic: Buffer; payload: proto.ClientPayload } {
    const finish = proto.HandshakeMessage.decode(body).clientFinish
    if (!finish?.static || !finish.payload) throw new Error('The client finish is incomplete')
    const clientStatic = this.decryptHandshake(finish.static)
    this.mix(Curve.sharedKey(this.ephemeral.private, clientStatic))
    const payload = proto.ClientPayload.decode(this.decryptHandshake(finish.payload))
    const keys = this.derive(EMPTY)
    this.transport = { readKey: keys.subarray(0, 32), writeKey: keys.subarray(32), reads: 0, writes: 0 }
    return { clientStatic, payload }
  }

  encrypt(plaintext: Uint8Array): Buffer {
    const transport = this.established()
    return seal(plaintext, transport.writeKey, transport.writes++, EMPTY)
  }

  decrypt(ciphertext: Uint8Array): Buffer {
    const transport = this.established()
    return open(ciphertext, transport.readKey, transport.reads++, EMPTY)
  }

  private established() {
    if (!this.transport) throw new Error('The noise handshake is not finished')
    return this.transport
  }

  private authenticate(data: Uint8Array): void {
    this.hash = createHash('sha256').update(this.hash).update(data).digest()
  }

  private derive(input: Uint8Array): Buffer {
    return Buffer.from(hkdf(Buffer.from(input), 64, { salt: this.salt, info: '' }))
  }

  private mix(input: Uint8Array): void {
    const out = this.derive(input)
    this.salt = out.subarray(0, 32)
    this.key = out.subarray(32)
    this.counter = 0
  }

  private encryptHandshake(plaintext: Buffer): Buffer {
    const sealed = seal(plaintext, this.key, this.counter++, this.hash)
    this.authenticate(sealed)
    return sealed
  }

  private decryptHandshake(ciphertext: Uint8Array): Buffer {
    const opened = open(ciphertext, this.key, this.counter++, this.hash)
    this.authenticate(ciphertext)
    return opened
  }
}
