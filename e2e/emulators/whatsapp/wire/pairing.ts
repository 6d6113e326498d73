import { createHmac, randomBytes } from 'node:crypto'
import { Curve, proto } from '@whiskeysockets/baileys'
import { digitsOf, jidOf } from '../address'
import type { Companion } from '../companion'
import type { Phone } from '../phone'
import { plant } from '../../../canaries'
import { prefixed } from '../signal/device-keys'
import { PhoneError, type World } from '../world'
import type { Connection, Handshake } from './connection'
import { liveEnding } from './endings'
import { bytesOf, child, node, SERVER, type Node } from './node'
import { confirmCode, startCode, type CodeLink } from './pairing-code'
import { announceDevice } from './unlink'
import { verifySignature } from './signature'

const MOST_COMPANIONS = 4
const ACCOUNT_PREFIX = Buffer.from([6, 0])
const DEVICE_PREFIX = Buffer.from([6, 1])

interface Ref {
  applicant: Applicant
  expiresAt: number
}

/** A client that is not linked yet and shows a QR code or a pairing code. */
export interface Applicant {
  connection: Connection
  noiseKey: Buffer
  registration: proto.ClientPayload.IDevicePairingRegistrationData
  refs: string[]
  answers: Map<string, (answer: Node) => void>
  codeLink?: CodeLink
  isLinking: boolean
}

/** Everything between an unlinked client and a phone: references in QR codes, typed codes, signing a new device. */
export class PairingDesk {
  private readonly refs = new Map<string, Ref>()
  private readonly applicants = new Set<Applicant>()

  constructor(private readonly world: World) {}

  register(connection: Connection, { clientStatic, payload }: Handshake): void {
    const registration = payload.devicePairingData
    if (!registration) throw new Error('The registration carries no keys')
    const applicant: Applicant = {
      connection,
      noiseKey: clientStatic,
      registration,
      refs: [],
      answers: new Map(),
      isLinking: false,
    }
    this.applicants.add(applicant)
    connection.listener = {
      onReady: () => {},
      onNode: (stanza) => this.hear(applicant, stanza),
      onBroken: (reason) => this.world.violation('A broken frame while linking', { reason }),
      onClose: () => this.leave(applicant),
    }
    this.offerRefs(applicant)
  }

  /** Ends every connection that is not linked yet. */
  endAll(code: number): number {
    for (const { connection } of this.applicants) connection.end(liveEnding(code))
    return this.applicants.size
  }

  async scan(phone: Phone, qrText: string): Promise<{ device: number }> {
    const [ref = '', noiseKey = '', identity = '', advSecret = ''] = qrText.trim().replace(/^.*#/, '').split(',')
    const known = this.refs.get(ref)
    this.world.history.add('qr-scanned', { number: phone.number, isKnown: known !== undefined })
    if (!known || !known.applicant.connection || known.expiresAt < Date.now()) {
      throw new PhoneError('This QR code is not valid any more. Scan the one shown now.')
    }
    const { applicant } = known
    if (Buffer.from(noiseKey, 'base64').compare(applicant.noiseKey) !== 0) {
      throw new PhoneError('This QR code does not belong to the device that shows it.')
    }
    if (Buffer.from(identity, 'base64').compare(applicant.registration.eIdent ?? Buffer.alloc(0)) !== 0) {
      throw new PhoneError('This QR code names another device.')
    }
    return this.link(phone, applicant, Buffer.from(advSecret, 'base64'))
  }

  async enterCode(phone: Phone, code: string): Promise<{ device: number }> {
    const applicant = [...this.applicants].reverse().find(({ codeLink }) => codeLink?.number === digitsOf(phone.number))
    if (!applicant?.codeLink || applicant.codeLink.expiresAt < Date.now()) {
      throw new PhoneError('No device is waiting for a code on this number. Ask for a new code in the app.')
    }
    const advSecret = await confirmCode(this.world, phone, applicant, code)
    return this.link(phone, applicant, advSecret)
  }

  private offerRefs(applicant: Applicant): void {
    const { qrCount, qrFirstMs, qrNextMs, qrGraceMs } = this.world.timings
    applicant.refs = Array.from({ length: qrCount }, () => `2@${plant('qr')}${randomBytes(54).toString('base64')}`)
    for (const [index, ref] of applicant.refs.entries()) {
      const expiresAt = Date.now() + qrFirstMs + index * qrNextMs + qrGraceMs
      this.refs.set(ref, { applicant, expiresAt })
    }
    const refs = applicant.refs.map((ref) => node('ref', {}, Buffer.from(ref)))
    const id = `pair-${applicant.connection.id}`
    applicant.connection.send(node('iq', { type: 'set', from: SERVER, id }, [node('pair-device', {}, refs)]))
    this.world.history.add('qr-offered', { connection: applicant.connection.id, count: refs.length })
  }

  private hear(applicant: Applicant, stanza: Node): void {
    const { id = '', type } = stanza.attrs
    if (stanza.tag !== 'iq') return
    const answer = applicant.answers.get(id)
    if (answer && (type === 'result' || type === 'error')) {
      applicant.answers.delete(id)
      answer(stanza)
      return
    }
    if (type === 'result') return
    const request = child(stanza, 'link_code_companion_reg')
    if (request) startCode(this.world, applicant, request)
    const ref = applicant.codeLink && node('link_code_pairing_ref', {}, applicant.codeLink.ref)
    const isHello = request?.attrs.stage === 'companion_hello'
    const content = isHello && ref ? [node('link_code_companion_reg', { stage: 'companion_hello' }, [ref])] : undefined
    applicant.connection.send(node('iq', { type: 'result', id, from: SERVER }, content))
  }

  private leave(applicant: Applicant): void {
    this.applicants.delete(applicant)
    for (const ref of applicant.refs) this.refs.delete(ref)
    for (const answer of applicant.answers.values()) answer(node('iq', { type: 'error' }))
    applicant.codeLink?.cancel?.()
    this.world.history.add('applicant-left', { connection: applicant.connection.id })
  }

  /** The phone signs the new device; the device signs back, and is told to log in. */
  private async link(phone: Phone, applicant: Applicant, advSecret: Buffer): Promise<{ device: number }> {
    if (phone.companions.length >= MOST_COMPANIONS) {
      throw new PhoneError(`A phone can have ${MOST_COMPANIONS} linked devices. Unlink one first.`)
    }
    if (applicant.isLinking) throw new PhoneError('This device is being linked already.')
    applicant.isLinking = true
    const device = phone.nextDevice++
    const identity = Buffer.from(applicant.registration.eIdent ?? [])
    const details = proto.ADVDeviceIdentity.encode({
      rawId: randomBytes(4).readUInt32BE(),
      timestamp: Math.floor(Date.now() / 1000),
      keyIndex: device,
    }).finish()
    const signed = proto.ADVSignedDeviceIdentity.encode({
      details,
      accountSignatureKey: phone.keys.identity.public,
      accountSignature: Curve.sign(phone.keys.identity.private, Buffer.concat([ACCOUNT_PREFIX, details, identity])),
    }).finish()
    const container = proto.ADVSignedDeviceIdentityHMAC.encode({
      details: signed,
      hmac: createHmac('sha256', advSecret).update(signed).digest(),
    }).finish()
    const success = node('pair-success', {}, [
      node('device-identity', {}, Buffer.from(container)),
      node('device', { jid: jidOf(phone, 'pn', device), lid: jidOf(phone, 'lid', device) }),
      node('platform', { name: phone.platform }),
      ...(phone.platform.startsWith('smb') ? [node('biz', { name: phone.name })] : []),
    ])
    const answer = await this.ask(applicant, success)
    this.checkAnswer(phone, identity, Buffer.from(details), answer)
    const companion = newCompanion(device, applicant)
    phone.companions.push(companion)
    this.world.history.add('paired', { number: phone.number, device, app: companion.app })
    this.world.changed(phone)
    announceDevice(this.world, phone, device, 'add')
    applicant.connection.end(liveEnding(515))
    return { device }
  }

  private ask(applicant: Applicant, content: Node): Promise<Node> {
    const id = `link-${applicant.connection.id}-${randomBytes(4).toString('hex')}`
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new PhoneError('The device did not answer. Try again.')),
        this.world.timings.linkMs,
      )
      applicant.answers.set(id, (answer) => {
        clearTimeout(timer)
        if (answer.attrs.type === 'error') reject(new PhoneError('Could not link the device. Try again.'))
        else resolve(answer)
      })
      applicant.connection.send(node('iq', { type: 'set', from: SERVER, id }, [content]))
    })
  }

  private checkAnswer(phone: Phone, identity: Buffer, details: Buffer, answer: Node): void {
    const bytes = bytesOf(child(answer, 'pair-device-sign'), 'device-identity')
    const signature = bytes && proto.ADVSignedDeviceIdentity.decode(bytes).deviceSignature
    const covered = Buffer.concat([DEVICE_PREFIX, details, identity, phone.keys.identity.public])
    if (!signature || !verifySignature(prefixed(identity), covered, Buffer.from(signature))) {
      this.world.violation('A new device did not sign for itself', { number: phone.number })
      throw new PhoneError('Could not link the device: it did not prove who it is.')
    }
  }
}

function newCompanion(device: number, { noiseKey, registration }: Applicant): Companion {
  const { eIdent, eRegid, eSkeyId, eSkeyVal, eSkeySig, deviceProps } = registration
  const uint = (bytes: Uint8Array | null | undefined) =>
    bytes && bytes.length > 0 ? Buffer.from(bytes).readUIntBE(0, bytes.length) : 0
  return {
    device,
    keyIndex: device,
    noiseKey,
    identity: Buffer.from(eIdent ?? []),
    registrationId: uint(eRegid),
    signed: { id: uint(eSkeyId), value: Buffer.from(eSkeyVal ?? []), signature: Buffer.from(eSkeySig ?? []) },
    oneTime: [],
    hasUploaded: false,
    app: (deviceProps && proto.DeviceProps.decode(deviceProps).os) || 'Unknown device',
    linkedAt: Date.now(),
    lastSeenAt: Date.now(),
    hasHistory: false,
    queue: [],
  }
}
