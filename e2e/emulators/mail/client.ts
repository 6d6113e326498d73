import { setTimeout as sleep } from 'node:timers/promises'
import type { ArrivedMail } from './server'

export type { ArrivedMail }

export interface Mailbox {
  /** What has arrived, oldest first. */
  list(): Promise<ArrivedMail[]>
  /** Resolves with what arrived once it is at least so many. */
  until(count: number, withinMs?: number): Promise<ArrivedMail[]>
}

/** One address of the emulated mail server at `url`. */
export function openMailbox(url: string, address: string): Mailbox {
  const list = async () => {
    const response = await fetch(`${url}/mails?to=${encodeURIComponent(address)}`)
    if (!response.ok) throw new Error(`the mail server answered ${response.status}`)
    return (await response.json()) as ArrivedMail[]
  }
  return {
    list,
    async until(count, withinMs = 30_000) {
      const giveUpAt = performance.now() + withinMs
      for (;;) {
        const mails = await list()
        if (mails.length >= count) return mails
        if (performance.now() > giveUpAt)
          throw new Error(`${mails.length} of ${count} mails came: ${mails.map(({ subject }) => subject).join(' | ')}`)
        await sleep(150)
      }
    },
  }
}
