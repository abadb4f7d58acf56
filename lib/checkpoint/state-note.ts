import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { unwritable } from './data-dir.js'

/** Writes a small file of data_dir as JSON, whole or not at all. Throws configInvalid when the folder does not take it. */
export function writeNote(path: string, value: object): void {
  const side = `${path}.${process.pid}.new`
  try {
    writeFileSync(side, `${JSON.stringify(value, null, 2)}\n`)
    renameSync(side, path)
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** Does nothing when there is none. Throws configInvalid when the folder refuses. */
export function removeNote(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    throw unwritable(path, error)
  }
}
