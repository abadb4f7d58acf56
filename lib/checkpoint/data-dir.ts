import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import { identify, lives, type ProcessIdentity } from './process-identity.js'

const PID_FILE = 'mysql-sr-sync.pid'

/** The right of one process to use a data_dir. */
export interface DataDirLock {
  /** Gives the right back; a second call does nothing. */
  release(): void
  /** Shows that the holder is at work, to those who watch how long ago it did so last; for holders without a status file. */
  showLife(): void
}

/**
 * Takes a data_dir for this process, making the folder when it is missing. Rejects with `alreadyRunning` naming the pid when
 * a process that lives has it; what a dead process left behind is taken over, by one of several that try at once.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  makeFolder(dataDir)
  const self = identify(process.pid)
  if (self === null) throw new Failure('internal', `the process ${process.pid} does not find itself`)
  const path = join(dataDir, PID_FILE)
  claim(path, self, dataDir)
  return {
    release: () => {
      const owner = readOwner(path)
      if (owner !== 'missing' && owner?.pid === self.pid && owner.started === self.started)
        rmSync(path, { force: true })
    },
    showLife: () => utimesSync(path, new Date(), new Date()),
  }
}

/** The process that uses a data_dir and since when (ms since 1970), or null when none does. */
export function runningProcess(dataDir: string): (ProcessIdentity & { readonly sinceMs: number }) | null {
  const path = join(dataDir, PID_FILE)
  const owner = readOwner(path)
  if (owner === 'missing' || owner === null || !lives(owner)) return null
  return { ...owner, sinceMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }
}

/**
 * Makes `path` a file that names `self`. The file appears whole, by link(2). A dead owner's file is replaced only by the one
 * process that holds the claim to succeed that very owner, so two processes cannot both take over.
 */
function claim(path: string, self: ProcessIdentity, dataDir: string): void {
  const side = `${path}.${self.pid}.new`
  for (;;) {
    if (tryLink(self, side, path)) return
    const owner = readOwner(path)
    if (owner === 'missing') continue
    if (owner !== null && lives(owner)) {
      if (owner.pid === self.pid) throw new Failure('alreadyRunning', `this process holds ${dataDir} already`)
      throw new Failure('alreadyRunning', `process ${owner.pid} uses ${dataDir}`)
    }
    const succession = `${path}.after-${owner === null ? 'unreadable' : `${owner.pid}-${owner.started.replace(/\W/g, '-')}`}`
    claim(succession, self, dataDir)
    try {
      const still = readOwner(path)
      if (!sameOwner(still, owner)) continue
      writeOwner(side, self)
      renameSync(side, path)
      return
    } finally {
      rmSync(succession, { force: true })
    }
  }
}

function tryLink(self: ProcessIdentity, side: string, path: string): boolean {
  try {
    writeOwner(side, self)
    linkSync(side, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw unwritable(path, error)
  } finally {
    rmSync(side, { force: true })
  }
}

function writeOwner(path: string, owner: ProcessIdentity): void {
  writeFileSync(path, `${owner.pid}\n${owner.started}\n`)
}

/** Null when the file does not say who. */
function readOwner(path: string): ProcessIdentity | null | 'missing' {
  try {
    const [pid, started] = readFileSync(path, 'utf8').split('\n')
    return /^[1-9]\d*$/.test(pid ?? '') && started !== undefined ? { pid: Number(pid), started } : null
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return 'missing'
    throw unwritable(path, error)
  }
}

function sameOwner(a: ReturnType<typeof readOwner>, b: ProcessIdentity | null): boolean {
  if (a === 'missing') return false
  return a === null || b === null ? a === b : a.pid === b.pid && a.started === b.started
}

function makeFolder(dataDir: string): void {
  try {
    makeFolders(dataDir)
  } catch (error) {
    throw unwritable(dataDir, error)
  }
}

/** mkdir -p. Not the recursive mode of mkdir, which never ends where a file system says ENOENT to a folder whose parent exists (/proc). */
function makeFolders(path: string, mayAscend = true): void {
  try {
    mkdirSync(path)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || !mayAscend) throw error
    makeFolders(dirname(path))
    makeFolders(path, false)
  }
}

/** What is thrown when a file of a data_dir cannot be read or written. */
export function unwritable(path: string, cause: unknown): Failure {
  return new Failure('configInvalid', `data_dir cannot be used: ${path}: ${errorText(cause)}`, {
    cause,
    advice: 'Check data_dir: the folder must be writable by this user, with space left on its disk.',
  })
}
