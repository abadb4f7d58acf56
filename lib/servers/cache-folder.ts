import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../model/failure.js'

/** Where installed servers are kept: $MYSQL_SR_SYNC_CACHE, else $XDG_CACHE_HOME/mysql-sr-sync, else ~/.cache/mysql-sr-sync. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.MYSQL_SR_SYNC_CACHE) return env.MYSQL_SR_SYNC_CACHE
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'mysql-sr-sync')
}

/** Ends when standard input does, that is with the parent. */
const HOLD_LOCK = 'exec 9>"$1" || exit 1; flock -n 9 || { echo busy; flock 9 || exit 1; }; echo held; read -r _'

/**
 * Runs `work` while this process alone holds the lock `name` of the folder.
 *
 * The lock is an flock(2) held by a child (`flock` of util-linux, part of every Debian), so that the kernel gives it
 * up when this process ends in whatever way; no lock is ever left behind. `waiting` is called when another holds it.
 */
export async function withLock<T>(
  folder: string,
  name: string,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.lock`)
  const holder = spawn('sh', ['-c', HOLD_LOCK, 'lock', file], { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const ended = new Promise<void>(resolve => {
    holder.on('close', () => resolve())
    holder.on('error', () => resolve())
  })
  try {
    await new Promise<void>((resolve, reject) => {
      let said = ''
      holder.on('error', cause => reject(new Failure('internal', `${file}: cannot lock: ${cause.message}`, { cause })))
      holder.on('close', status => reject(new Failure('internal', `${file}: cannot lock (status ${status})`)))
      holder.stdout.on('data', chunk => {
        said += String(chunk)
        if (said === 'busy\n') waiting()
        if (said.endsWith('held\n')) resolve()
      })
    })
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
