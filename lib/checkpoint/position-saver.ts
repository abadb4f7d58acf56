import { asFailure, backoffMs, type Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'

export interface SaverParts<T> {
  readonly save: (position: Position, newest: T) => Promise<void>
  /** The position, and with it every earlier one, is on disk. `notes` are those of all positions saved at once. */
  readonly onSaved: (position: Position, notes: readonly T[]) => void
  readonly onRetry: (failure: Failure, retryInMs: number) => void
}

/**
 * Saves positions in order, one write at a time; positions that come while one is being written are saved together by the
 * newest. A save that fails is tried again until it succeeds or the saver is closed: loading goes on meanwhile, and a crash
 * would only read again what is loaded already.
 */
export class PositionSaver<T> {
  readonly #parts: SaverParts<T>
  #next: { position: Position; notes: T[] } | null = null
  #running: Promise<void> | null = null
  #closed = false

  constructor(parts: SaverParts<T>) {
    this.#parts = parts
  }

  save(position: Position, note: T): void {
    this.#next = { position, notes: [...(this.#next?.notes ?? []), note] }
    this.#running ??= this.#run()
  }

  /** Resolves when all that was given is on disk, or the saver is closed. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  /** Waits for what is under way; a save that keeps failing is given up after one last try. Resolves with whether all is saved. */
  async close(): Promise<boolean> {
    this.#closed = true
    await this.#running
    return this.#next === null
  }

  async #run(): Promise<void> {
    for (let attempt = 1; this.#next !== null; ) {
      const { position, notes } = this.#next
      this.#next = null
      try {
        await this.#parts.save(position, notes.at(-1)!)
        attempt = 1
        this.#parts.onSaved(position, notes)
      } catch (error) {
        // Newer positions that came meanwhile stand for this one too.
        const newer = this.#next as { position: Position; notes: T[] } | null
        this.#next = { position: newer?.position ?? position, notes: [...notes, ...(newer?.notes ?? [])] }
        const retryInMs = backoffMs(attempt++)
        this.#parts.onRetry(asFailure(error), retryInMs)
        if (this.#closed) break
        await new Promise(resolve => setTimeout(resolve, Math.min(retryInMs, 2000)))
      }
    }
    // In the same step as the loop's last look: what comes now starts a run of its own.
    this.#running = null
  }
}
