/** Every mailbox there is: takes whatever is sent by SMTP, keeps it, and shows it on a page. Delivers nothing. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { callbackify } from 'node:util'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { mailPage } from './page'

export interface ArrivedMail {
  id: number
  at: string
  messageId: string
  from: string
  to: string[]
  subject: string
  text: string
}

export interface MailEmulator {
  url: string
  smtpUrl: string
  close(): Promise<void>
}

const host = '127.0.0.1'
/** A page of mails; older ones are kept in the file only. */
const mostShown = 500

export async function startMailEmulator(options: { port?: number; dataDir?: string }): Promise<MailEmulator> {
  const file = options.dataDir ? join(options.dataDir, 'mails.jsonl') : null
  if (options.dataDir) mkdirSync(options.dataDir, { recursive: true })
  const mails: ArrivedMail[] = file && existsSync(file) ? readMails(file) : []

  const keep = async (raw: Buffer, to: string[]) => {
    const { messageId, from, subject, text } = await PostalMime.parse(raw)
    const mail: ArrivedMail = {
      id: (mails.at(-1)?.id ?? 0) + 1,
      at: new Date().toISOString(),
      messageId: messageId ?? '',
      from: from?.address ?? '',
      to,
      subject: subject ?? '',
      text: text ?? '',
    }
    if (file) appendFileSync(file, `${JSON.stringify(mail)}\n`)
    mails.push(mail)
  }

  const keepThen = callbackify(keep)
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address.toLowerCase())
        keepThen(Buffer.concat(chunks), to, done)
      })
    },
  })
  const web = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mail')
    const to = searchParams.get('to')?.toLowerCase()
    const found = (to ? mails.filter((mail) => mail.to.includes(to)) : mails).slice(-mostShown)
    if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405).end()
    else if (pathname === '/mails') {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(found))
    } else if (pathname === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(mailPage(found.toReversed(), to ?? ''))
    } else response.writeHead(404).end()
  })
  const smtpPort = await listening(smtp.server as unknown as Server, () => smtp.listen(0, host))
  const port = await listening(web, () => web.listen(options.port ?? 0, host))
  return {
    url: `http://localhost:${port}`,
    smtpUrl: `smtp://${host}:${smtpPort}`,
    async close() {
      await new Promise<void>((done) => smtp.close(() => done()))
      web.closeAllConnections()
      await new Promise<void>((done) => web.close(() => done()))
    },
  }
}

async function listening(server: Server, start: () => void): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', resolve)
    start()
  })
  return (server.address() as AddressInfo).port
}

const readMails = (file: string): ArrivedMail[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ArrivedMail)
