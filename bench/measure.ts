// What a process costs, read from Linux, and what a list of times says.
import { readFileSync } from 'node:fs'

/** Clock ticks of /proc are hundredths of a second on every Linux we run on. */
const tickMs = 10

/** CPU time of a process and everything below it, in ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime and stime, and those of children that have ended.
  const own = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) * tickMs
  return childrenOf(pid).reduce((sum, child) => sum + cpuMs(child), own)
}

/** Resident memory of a process and everything below it, in MB. */
export function rssMb(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return childrenOf(pid).reduce((sum, child) => sum + rssMb(child), Number(kb ?? 0) / 1024)
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)
