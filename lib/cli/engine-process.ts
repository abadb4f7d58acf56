import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { lives, type ProcessIdentity } from '../checkpoint/process-identity.js'
import { Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import type { Status } from '../observe/status.js'
import { readStatusFile } from '../observe/status-file.js'

const POLL_MS = 100

/**
 * Script that is started in the background with `run -c FILE`. The variable is a seam for tests: a stand-in that keeps the
 * contract of pid file, status.json and exit codes.
 */
function engineScript(): string {
  return process.env.MYSQL_SR_SYNC_ENGINE ?? fileURLToPath(new URL('../../../bin/mysql-sr-sync', import.meta.url))
}

export type Launch =
  | { readonly outcome: 'streaming'; readonly pid: number; readonly status: Status }
  /** It runs and tries, but does not stream yet. */
  | { readonly outcome: 'waiting'; readonly pid: number; readonly status: Status | null }
  /** `signal`: what killed it; the exit code is 128 then. */
  | { readonly outcome: 'ended'; readonly exitCode: number; readonly signal: NodeJS.Signals | null }

export interface LaunchOptions {
  readonly configFile: string
  readonly baseDir: string
  readonly dataDir: string
  readonly logFile: string
  readonly waitMs: number
}

/** Starts the engine detached from this process, its output going to the log file, and waits until it streams or has ended. */
export async function launchEngine(options: LaunchOptions): Promise<Launch> {
  const log = openLogFile(options.logFile)
  const child = spawn(process.execPath, [engineScript(), 'run', '-c', options.configFile], {
    cwd: options.baseDir,
    detached: true,
    stdio: ['ignore', log, log],
  })
  let end: { readonly exitCode: number; readonly signal: NodeJS.Signals | null } | null = null
  let spawnError: Error | null = null
  child.once('exit', (code, signal) => {
    end = { exitCode: code ?? (signal === null ? 1 : 128), signal }
  })
  child.once('error', error => {
    spawnError = error
  })
  closeSync(log)
  const deadline = Date.now() + options.waitMs
  for (;;) {
    await sleep(POLL_MS)
    if (spawnError !== null) throw spawnError
    if (end !== null) return { outcome: 'ended', ...(end as { exitCode: number; signal: NodeJS.Signals | null }) }
    const pid = child.pid!
    const status = readStatusFile(options.dataDir)?.status ?? null
    const own = status?.pid === pid ? status : null
    if (own?.state === 'streaming' || Date.now() > deadline) {
      child.unref()
      return own?.state === 'streaming'
        ? { outcome: 'streaming', pid, status: own }
        : { outcome: 'waiting', pid, status: own }
    }
  }
}

function openLogFile(path: string): number {
  try {
    return openSync(path, 'a')
  } catch (error) {
    throw new Failure('configInvalid', `log_file cannot be written: ${errorText(error)}`, {
      cause: error,
      advice: 'Check log_file and the permissions of its folder.',
    })
  }
}

/** Sends SIGTERM, and SIGKILL after `graceMs`; `onKill` is told before. Resolves when the process is gone. */
export async function endProcess(target: ProcessIdentity, graceMs: number, onKill: () => void): Promise<void> {
  signal(target, 'SIGTERM')
  if (await gone(target, graceMs)) return
  onKill()
  signal(target, 'SIGKILL')
  if (await gone(target, 10_000)) return
  throw new Failure('alreadyRunning', `process ${target.pid} does not end, not even by SIGKILL`, {
    advice: 'It hangs inside the kernel, most likely on a disk or network file system. Look at that first.',
  })
}

async function gone(target: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; lives(target); await sleep(POLL_MS)) {
    if (Date.now() > deadline) return false
  }
  return true
}

function signal(target: ProcessIdentity, name: NodeJS.Signals): void {
  if (!lives(target)) return
  try {
    process.kill(target.pid, name)
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return
    throw new Failure('alreadyRunning', `process ${target.pid} cannot be stopped: ${errorText(error)}`, {
      cause: error,
      advice: 'Stop it as the user it belongs to.',
    })
  }
}
