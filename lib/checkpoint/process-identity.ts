import { readFileSync } from 'node:fs'

/** A process that no later one can be mistaken for. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time in clock ticks since boot and the boot's id, or "" where the system does not tell. */
  readonly started: string
}

/** The identity of a process that lives, or null. A zombie (ended, not yet collected by its parent) does not live. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readProc(`/proc/${pid}/stat`)
  if (stat === null) return readProc('/proc/self/stat') === null && answers(pid) ? { pid, started: '' } : null
  // proc(5): the name in parentheses may hold anything; behind it come the state (3) and the start time (22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  return { pid, started: `${fields[19]}@${(readProc('/proc/sys/kernel/random/boot_id') ?? '').trim()}` }
}

/** True while exactly this process lives; a later one with a recycled pid does not count. */
export function lives(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started
}

function answers(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null
    throw error
  }
}
