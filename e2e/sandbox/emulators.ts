// The built-in emulators, each a process of its own with its state below the sandbox's folder.
import { z } from 'zod'
import type { EmulatorOptions } from '@/e2e/emulators/highlevel/options'
import type { Children } from '@/scripts/children'

const phonesReady = z.object({ url: z.string(), webSocketUrl: z.string(), rootPublicKey: z.string() })
const mailsReady = z.object({ url: z.string(), smtpUrl: z.string() })
const crmReady = z.object({ url: z.string(), webhookPublicKey: z.string() })

export async function startPhones(children: Children, { port, folder }: { port: number; folder: string }) {
  const announced = await children.start({
    name: 'phones',
    file: 'e2e/emulators/whatsapp/main.ts',
    args: ['--port', String(port), '--data-dir', folder],
    env: process.env,
    announces: true,
  })
  return phonesReady.parse(announced)
}

export async function startMails(children: Children, { port, folder }: { port: number; folder: string }) {
  const announced = await children.start({
    name: 'mails',
    file: 'e2e/emulators/mail/main.ts',
    args: ['--port', String(port), '--data-dir', folder],
    env: process.env,
    announces: true,
  })
  return mailsReady.parse(announced)
}

interface CrmStart {
  port: number
  folder: string
  phonesUrl: string | null
  mailsUrl: string | null
  environment: Record<string, string | undefined>
}

export async function startCrm(children: Children, { port, folder, phonesUrl, mailsUrl, environment }: CrmStart) {
  const options: EmulatorOptions = {
    port,
    dataDir: folder,
    app: registration(environment),
    // The CRM asks again after ten minutes; nobody who tries the sandbox on a slow machine waits that long.
    timings: { webhookScale: 0.01 },
    ...(phonesUrl && { phonesUrl }),
    ...(mailsUrl && { mailsUrl }),
  }
  const announced = await children.start({
    name: 'crm',
    file: 'e2e/emulators/highlevel/main.ts',
    // Not as an argument: other users of the machine can read those, and the options hold secrets.
    env: { ...process.env, EMULATOR_OPTIONS: JSON.stringify(options) },
    announces: true,
  })
  return crmReady.parse(announced)
}

/** What a developer enters in the marketplace portal. */
export function registration(environment: Record<string, string | undefined>): EmulatorOptions['app'] {
  const value = (name: string) => {
    const found = environment[name]
    if (!found) throw new Error(`${name} is not known, so the app cannot be registered with the CRM emulator`)
    return found
  }
  const app = value('APP_URL')
  const deliverySecret = value('HIGHLEVEL_DELIVERY_SECRET').split(',')[0]!.trim()
  const smsProviderId = environment.HIGHLEVEL_SMS_PROVIDER_ID
  return {
    clientId: value('HIGHLEVEL_CLIENT_ID'),
    clientSecret: value('HIGHLEVEL_CLIENT_SECRET'),
    ssoSecret: value('HIGHLEVEL_SSO_SECRET'),
    providerId: value('HIGHLEVEL_PROVIDER_ID'),
    ...(smsProviderId && { smsProviderId }),
    redirectUri: `${app}/oauth/callback`,
    webhookUrl: `${app}/api/webhooks/app`,
    deliveryUrl: `${app}/api/webhooks/delivery/${deliverySecret}`,
    customPageUrl: `${app}/embed`,
  }
}
