import type { RowsEvent } from '../binlog/event.js'
import type { KeyReader } from './copy-plan.js'

/** Keys of one table that the stream has changed, each with when it did so last, counted in events. */
export class TouchedKeys {
  readonly #last = new Map<string, number>()
  readonly #texts: string[] = []
  #now = 0

  /** What is noted from here on comes behind it. */
  get now(): number {
    return this.#now
  }

  get size(): number {
    return this.#last.size
  }

  /** Notes the keys of an event's images. */
  note({ buffer, at, end }: Pick<RowsEvent, 'buffer' | 'at' | 'end'>, keys: KeyReader): void {
    this.#now++
    const texts = this.#texts
    while (at < end) at = keys.keyTexts(buffer, at, end, texts)
    for (const text of texts) this.#last.set(text, this.#now)
    texts.length = 0
  }

  /** Whether the key was changed behind `since`. */
  has(text: string, since: number): boolean {
    return (this.#last.get(text) ?? 0) > since
  }

  clear(): void {
    this.#last.clear()
  }
}
