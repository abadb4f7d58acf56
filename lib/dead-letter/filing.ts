import type { DeadLetter, FiledLetter, LetterChange } from '../model/dead-letter.js'
import type { LetterLine } from './letter-line.js'

/** Folds lines into letters with their states: a letter parked again is open again, and stands behind the others. */
export class Filing {
  readonly #letters = new Map<string, FiledLetter>()
  readonly #keep: (letter: DeadLetter) => DeadLetter

  /** `keep` may thin out a letter that is held in memory only. */
  constructor(keep: (letter: DeadLetter) => DeadLetter = letter => letter) {
    this.#keep = keep
  }

  /** All letters, in the order in which they were parked last. */
  get letters(): FiledLetter[] {
    return [...this.#letters.values()]
  }

  get open(): FiledLetter[] {
    return this.letters.filter(filed => filed.state === 'open')
  }

  /** Throws an Error for a change of a letter that is not there. */
  take(line: LetterLine): void {
    if (line.kind === 'change') this.change(line.change)
    else this.add(line.letter)
  }

  add(letter: DeadLetter): void {
    this.#letters.delete(letter.id)
    this.#letters.set(letter.id, { letter: this.#keep(letter), state: 'open', reason: letter.reason, change: null })
  }

  change(change: LetterChange): void {
    const filed = this.#letters.get(change.id)
    if (filed === undefined) throw new Error(`no line before it parks ${change.id}`)
    this.#letters.set(change.id, { ...filed, state: change.state, reason: change.reason ?? filed.reason, change })
  }
}
