import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FailureKind } from '../model/failure.js'
import { errorCode } from '../model/system-error.js'
import { unwritable } from './data-dir.js'
import { removeNote, writeNote } from './state-note.js'

const FILE_NAME = 'stopped'

/** Why no process is to run here until an operator starts one: asked for, or a failure that a restart does not mend. */
export type StopMark =
  | { readonly by: 'operator'; readonly atMs: number }
  | {
      readonly by: 'failure'
      readonly atMs: number
      readonly kind: FailureKind
      readonly message: string
      readonly advice: string
      readonly exitCode: number
      /** The monitor has told of it. */
      readonly told?: boolean
    }

/** Writes `<data_dir>/stopped`, whole or not at all. Throws configInvalid when the folder does not take it. */
export function writeStopMark(dataDir: string, mark: StopMark): void {
  writeNote(join(dataDir, FILE_NAME), mark)
}

/** The mark, or null when there is none. A mark that cannot be read counts as an operator's. */
export function readStopMark(dataDir: string): StopMark | null {
  let text: string
  try {
    text = readFileSync(join(dataDir, FILE_NAME), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null
    throw unwritable(join(dataDir, FILE_NAME), error)
  }
  try {
    const mark = JSON.parse(text) as StopMark
    return mark.by === 'failure' ? mark : { by: 'operator', atMs: mark.atMs ?? 0 }
  } catch (error) {
    if (error instanceof SyntaxError) return { by: 'operator', atMs: 0 }
    throw error
  }
}

export function removeStopMark(dataDir: string): void {
  removeNote(join(dataDir, FILE_NAME))
}
