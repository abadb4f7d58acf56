import type { ChunkRange } from '../model/chunk.js'
import type { Position } from '../model/position.js'
import type { AdmissibleChunk } from './copy-plan.js'

/** A stretch of the stream, from a place between two transactions on, of which is known which keys of one table it changes. */
export interface CopyWindow {
  /** Where it begins: the chunk's SELECT must see everything up to here. */
  readonly at: Position
  /** Fires when nothing can be admitted by it any more: reading on is in vain. */
  readonly voided: AbortSignal
  /**
   * Has the rows go in when the stream has passed what they may show, behind the chunks before them. Resolves when they are
   * in the target and the position says so. Rejects with `chunkVoid`: read it again in another window; or with what ended the flow.
   * The window is over either way.
   */
  admit(chunk: AdmissibleChunk, range: ChunkRange): Promise<void>
  /**
   * The same for rows that were asked for by key: `asked` has for each key its text (as `CopyRoutes.keyTexts`) and the image
   * that deletes it. Keys that were not found are deleted. For tables of `upsert` routes alone; does not move the frontier.
   */
  admitKeys(chunk: AdmissibleChunk, asked: readonly AskedKey[]): Promise<void>
  /** Nothing is to be admitted. */
  abandon(): void
}

export interface AskedKey {
  readonly text: string
  readonly deleteImage: Buffer
}
