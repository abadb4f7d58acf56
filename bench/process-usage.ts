import { readFile } from 'node:fs/promises'

export interface Usage {
  /** User and system time of all threads since the process began. */
  readonly cpuSeconds: number
  /** The most memory it ever had resident. */
  readonly peakRssMb: number
  /** What it has resident now. */
  readonly rssMb: number
}

/** _SC_CLK_TCK, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/**
 * What a running process has used so far. proc(5): utime and stime are fields 14 and 15 of stat, in clock ticks; VmRSS is the
 * resident set, VmHWM its peak. Rejects when the process is gone.
 */
export async function usageOf(pid: number): Promise<Usage> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return parseUsage(stat, await readFile(`/proc/${pid}/status`, 'utf8'))
}

/** The same from the text of the two files; apart, since a command's name in stat may hold spaces and brackets. */
export function parseUsage(stat: string, status: string): Usage {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const megabytes = (kilobytes: RegExp) => Math.round(Number(kilobytes.exec(status)?.[1] ?? 0) / 1024)
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakRssMb: megabytes(/VmHWM:\s+(\d+)/),
    rssMb: megabytes(/VmRSS:\s+(\d+)/),
  }
}
