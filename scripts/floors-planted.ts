// Imports that must be refused, and some that must not: the check is tried on them each time before it is believed.
export const planted: { file: string; text: string; isBreach: boolean }[] = [
  ...refused([
    ['lib/clock.ts', "import { db } from '@/db/client'"],
    ['lib/clock.ts', "import { kinds } from './channel/kinds'"],
    ['lib/highlevel/client.ts', "import { choose } from '@/lib/bridge/session/choose'"],
    ['lib/highlevel/client.ts', "import { db } from '../../db/client'"],
    ['lib/bridge/session/link.ts', "import { line } from '@/lib/channel/whatsapp/line'"],
    ['lib/bridge/session/link.ts', "import { hear } from '@/lib/worker/worker'"],
    ['lib/bridge/session/link.ts', "import { env } from '@/lib/env'"],
    ['lib/channel/whatsapp/line.ts', "import { accept } from '@/lib/bridge/message/accept-outbound'"],
    ['lib/channel/telegram/line.ts', "import { jid } from '../whatsapp/ids'"],
    ['lib/outbox/put.ts', "export { link } from '@/lib/bridge/session/link'"],
    ['lib/http/respond.ts', "import { work } from '@/lib/worker/work'"],
    ['lib/worker/work.ts', "import { readEnv } from '../env'"],
    ['lib/worker/work.ts', "import { trustEmulator } from '@/e2e/emulators/whatsapp/trust'"],
    ['lib/worker/work.ts', "import 'server-only'"],
    ['lib/worker/work.ts', "import { build } from '@/scripts/build'"],
    ['lib/bridge/view.ts', "import { proto } from '@whiskeysockets/baileys'"],
    ['app/embed/page.tsx', "import { open } from '@/lib/channel/whatsapp/channel'"],
    ['app/embed/page.tsx', "const worker = await import('@/lib/worker/worker')"],
    ['app/embed/page.tsx', "import type { Seed } from '@/e2e/sandbox/seed'"],
    ['components/card.tsx', "import { list } from '@/lib/bridge/session/list'"],
    ['components/card.tsx', "import { systemClock } from '@/lib/clock'"],
    ['db/client.ts', "import { claim } from '@/lib/outbox/claim'"],
    ['db/client.ts', "import {\n  one,\n  two,\n} from '@/lib/outbox/claim'"],
  ]),
  ...allowed([
    ['lib/worker/compose.ts', "import type { Env } from '@/lib/env'"],
    ['lib/channel/whatsapp/test-world.ts', "import { phones } from '@/e2e/emulators/whatsapp/client'"],
    ['db/schema/sessions.ts', "import type { ChannelKind } from '@/lib/channel/kinds'"],
    ['lib/bridge/session/link.ts', "import { kinds } from '@/lib/channel/kinds'"],
    ['lib/bridge/session/link.ts', "// import { line } from '@/lib/channel/whatsapp/line'"],
    ['lib/channel/whatsapp/line.ts', "import type { Line } from '../channel'"],
    ['lib/channel/whatsapp/auth-store.ts', "import { openDatabase } from '@/db/client'"],
    ['lib/worker/main.ts', "import { readEnv } from '@/lib/env'"],
    ['lib/worker/work.test.ts', "import { emulator } from '@/e2e/emulators/highlevel/server'"],
    ['components/card.tsx', "import type { SessionView } from '@/lib/bridge/session/list'"],
    ['app/embed/page.tsx', "import { Card } from '@/components/card'"],
    ['e2e/sandbox/worker.ts', "import { readEnv } from '@/lib/env'"],
  ]),
]

function refused(cases: [string, string][]) {
  return cases.map(([file, text]) => ({ file, text, isBreach: true }))
}

function allowed(cases: [string, string][]) {
  return cases.map(([file, text]) => ({ file, text, isBreach: false }))
}
