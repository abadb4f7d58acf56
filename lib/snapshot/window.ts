import type { ChunkRange } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import type { AdmissibleChunk } from './copy-plan.js'

/** A stretch of the stream, from a place between two transactions on, of which is known which keys of one table it changes. */
export interface CopyWindow {
  /** Where it begins: the chunk's SELECT must see everything up to here. */
  readonly at: Position
  /** Fires, with a Failure as its reason, when nothing can be admitted by it any more: reading on is in vain. */
  readonly voided: AbortSignal
  /**
   * Has the rows go in when the stream has passed what they may show, behind the chunks before them. Resolves when they are
   * in the target and the position says so. Rejects with `chunkVoid`: read it again in another window; or with what ended the flow.
   * The window is over either way. The chunk's rows are not looked at any more once it is noted as admitted.
   */
  admit(chunk: AdmissibleChunk, range: ChunkRange): Promise<void>
  /**
   * The same for rows that were asked for by key. Keys that were not found are deleted. Moves no frontier, and is not noted.
   * In mode `atOnce` alone.
   */
  admitKeys(chunk: AdmissibleChunk, asked: readonly AskedKey[]): Promise<void>
  /** Nothing is to be admitted. */
  abandon(): void
}

export interface AskedKey {
  /** As `CopyRoutes.keyTexts`. */
  readonly text: string
  /** A text image that deletes the key. */
  readonly deleteImage: Buffer
}

/** A chunk that waits until it may go in, or, when it has, until it is durable. */
export interface Admission {
  readonly window: OpenWindow
  readonly chunk: AdmissibleChunk
  /** Null: rows that were asked for by key. */
  readonly range: ChunkRange | null
  readonly asked: readonly AskedKey[]
  readonly resolve: () => void
  readonly reject: (failure: Failure) => void
}

/** A window, as its table knows it. */
export class OpenWindow implements CopyWindow {
  readonly at: Position
  /** See `TouchedKeys.now`. */
  readonly since: number
  readonly #abort = new AbortController()
  readonly #onAdmit: (admission: Admission) => void
  readonly #onOver: (window: OpenWindow) => void
  #admission: Admission | null = null

  constructor(
    at: Position,
    since: number,
    onAdmit: (admission: Admission) => void,
    onOver: (window: OpenWindow) => void,
  ) {
    this.at = at
    this.since = since
    this.#onAdmit = onAdmit
    this.#onOver = onOver
  }

  get voided(): AbortSignal {
    return this.#abort.signal
  }

  admit(chunk: AdmissibleChunk, range: ChunkRange): Promise<void> {
    return this.#admit(chunk, range, [])
  }

  admitKeys(chunk: AdmissibleChunk, asked: readonly AskedKey[]): Promise<void> {
    return this.#admit(chunk, null, asked)
  }

  abandon(): void {
    this.close(new Failure('chunkVoid', 'The window was given up.'))
  }

  /** Nothing can be admitted any more. What has been admitted is not concerned. */
  close(reason: Failure): void {
    if (this.voided.aborted) return
    this.#abort.abort(reason)
    this.#admission?.reject(reason)
    this.#onOver(this)
  }

  #admit(chunk: AdmissibleChunk, range: ChunkRange | null, asked: readonly AskedKey[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.voided.aborted) return reject(this.voided.reason)
      if (this.#admission !== null) return reject(new Failure('internal', 'A window admits one chunk.'))
      this.#admission = { window: this, chunk, range, asked, resolve, reject }
      this.#onAdmit(this.#admission)
    })
  }
}
