import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { errorCode } from '../model/system-error.js'

const SOCKET = 'control.sock'
const NOTE = 'control.path'
const FOLDER_PREFIX = 'mysql-sr-sync-'

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, a NUL at the end included. */
const MAX_PATH_BYTES = 103

/** Where the socket of a data_dir is to be; `elsewhere`: not in the data_dir itself. */
export interface SocketPlace {
  readonly path: string
  readonly elsewhere: boolean
}

/** In the data_dir, where the path is short enough for a socket; else, or with `elsewhere`, in a new folder of this user alone. */
export function makePlace(dataDir: string, elsewhere = false): SocketPlace {
  const path = join(dataDir, SOCKET)
  if (!elsewhere && Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, elsewhere: false }
  const bases = [tmpdir(), '/tmp']
  const base = bases.find(name => Buffer.byteLength(join(name, `${FOLDER_PREFIX}XXXXXX`, SOCKET)) <= MAX_PATH_BYTES)
  // mkdtemp makes it for this user alone, under a name that nobody can have taken before.
  const folder = mkdtempSync(join(base ?? '/tmp', FOLDER_PREFIX))
  chmodSync(folder, 0o700)
  return { path: join(folder, SOCKET), elsewhere: true }
}

/** Lets those who know the data_dir find the socket. */
export function notePlace(dataDir: string, { path, elsewhere }: SocketPlace): void {
  if (elsewhere) writeFileSync(join(dataDir, NOTE), `${path}\n`, { mode: 0o600 })
  else rmSync(join(dataDir, NOTE), { force: true })
}

/** Where the socket of a data_dir is, if there is one. */
export function findPlace(dataDir: string): SocketPlace {
  try {
    return { path: readFileSync(join(dataDir, NOTE), 'utf8').trim(), elsewhere: true }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error
    return { path: join(dataDir, SOCKET), elsewhere: false }
  }
}

/** Removes a socket, with its folder where that was made for it. */
export function removePlace({ path, elsewhere }: SocketPlace): void {
  const folder = dirname(path)
  if (elsewhere && basename(folder).startsWith(FOLDER_PREFIX) && basename(path) === SOCKET)
    rmSync(folder, { recursive: true, force: true })
  else if (!elsewhere) rmSync(path, { force: true })
}
