// CPU profiles of the spans that are measured, and of nothing else: a process asked to starts one and writes it to a file.
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'

export type ProfileOrder = { profile: 'start' } | { profile: 'stop'; file: string }

export const isProfileOrder = (message: unknown): message is ProfileOrder =>
  typeof message === 'object' && message !== null && 'profile' in message

let session: Session | null = null

export async function obeyProfileOrder(order: ProfileOrder): Promise<void> {
  if (order.profile === 'start') {
    session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 250 })
    await session.post('Profiler.start')
    return
  }
  const { profile } = await session!.post('Profiler.stop')
  session!.disconnect()
  await writeFile(order.file, JSON.stringify(profile))
}
