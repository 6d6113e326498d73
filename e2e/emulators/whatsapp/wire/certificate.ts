import { Curve, proto } from '@whiskeysockets/baileys'

export interface KeyPair {
  public: Buffer
  private: Buffer
}

export function newKeyPair(): KeyPair {
  const pair = Curve.generateKeyPair()
  return { public: Buffer.from(pair.public), private: Buffer.from(pair.private) }
}

/** The server's own chain: root signs intermediate, intermediate signs the leaf, the leaf holds the static key. */
export function issueChain(root: KeyPair, serverStatic: KeyPair): Buffer {
  const { CertChain } = proto
  const { NoiseCertificate } = CertChain
  const intermediate = newKeyPair()
  const now = Math.floor(Date.now() / 1000)
  const details = (serial: number, issuerSerial: number, key: Buffer) =>
    NoiseCertificate.Details.encode({
      serial,
      issuerSerial,
      key,
      notBefore: now - 86_400,
      notAfter: now + 10 * 365 * 86_400,
    }).finish()
  const intermediateDetails = details(1, 0, intermediate.public)
  const leafDetails = details(2, 1, serverStatic.public)
  return Buffer.from(
    CertChain.encode({
      leaf: { details: leafDetails, signature: Curve.sign(intermediate.private, leafDetails) },
      intermediate: { details: intermediateDetails, signature: Curve.sign(root.private, intermediateDetails) },
    }).finish(),
  )
}
