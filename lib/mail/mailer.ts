/** Sends mails by SMTP. Knows nothing of what they say. */
import { createTransport } from 'nodemailer'

export interface Mail {
  /** The same for each attempt at one mail: whoever gets it twice can tell. */
  id: string
  /** Each gets a copy; none sees the others. */
  to: readonly string[]
  subject: string
  text: string
  language: string
}

export interface Mailer {
  /** Resolves once the server has taken the mail for at least one of them. Throws when it has not, or may not have. */
  send(mail: Mail): Promise<{ refused: number }>
  close(): void
}

export function createMailer(options: { smtpUrl: string; from: string; timeoutMs?: number }): Mailer {
  const timeout = options.timeoutMs ?? 20_000
  const transport = createTransport(options.smtpUrl, {
    ...{ connectionTimeout: timeout, greetingTimeout: timeout, socketTimeout: timeout },
  })
  const domain = /@([^@\s>]+)>?\s*$/.exec(options.from)?.[1] ?? 'localhost'
  return {
    async send(mail) {
      const { rejected } = await transport.sendMail({
        from: options.from,
        to: mail.to.length === 1 ? mail.to[0] : 'undisclosed-recipients:;',
        envelope: { from: options.from, to: [...mail.to] },
        subject: mail.subject,
        text: mail.text,
        messageId: `<${mail.id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': mail.language },
      })
      return { refused: rejected.length }
    },
    close: () => transport.close(),
  }
}
