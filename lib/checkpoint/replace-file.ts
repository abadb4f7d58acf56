import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../model/failure.js'
import { errorText } from '../model/system-error.js'

const PRIVATE = 0o600

/**
 * Gives a file new content: written beside (`.new`), fsynced, renamed over, folder fsynced. Durable when it resolves; a crash
 * leaves the old or the new file, never a part. `isPrivate`: nobody but its owner may read it.
 */
export async function replaceFile(path: string, content: string | Uint8Array, isPrivate = false): Promise<void> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', isPrivate ? PRIVATE : undefined)
  try {
    // One that a crash left beside has the mode it was made with.
    if (isPrivate) await file.chmod(PRIVATE)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  await syncFolder(dirname(path))
}

/** Makes durable which files and folders a folder has. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** What a write that failed rejects with (positionUnsaved): the engine loads on, and tries it again. */
export function unsaved(path: string, cause: unknown): Failure {
  return new Failure('positionUnsaved', `${path}: ${errorText(cause)}`, {
    cause,
    advice: `${path} cannot be written. Free space on the disk of data_dir and check its permissions; loading continues when it can be written.`,
  })
}
