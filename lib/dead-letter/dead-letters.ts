import { type DeadLetter, formatPlace, isReadAgain, keyText, type RowPlace } from '../model/dead-letter.js'
import type { Position } from '../model/position.js'
import { Filing } from './filing.js'
import { LetterFolder } from './letter-folder.js'
import { renderChange, renderLetter } from './letter-line.js'
import { ParkedKeys, type TouchingRow } from './parked-keys.js'

export interface DeadLetterParts {
  /** Told at once, and when the number of open letters has changed. */
  readonly onOpen: (open: number) => void
  /** Wall clock, ms since 1970. */
  readonly now: () => number
}

/** What a run of the engine keeps of an open letter. */
interface OpenLetter {
  readonly target: string
  readonly mode: DeadLetter['mode']
  readonly hash: number
  readonly key: string
  readonly reason: string
  readonly server: string
  readonly place: RowPlace
  readonly partial: string | null
  readonly keyColumns: readonly string[]
}

/** The dead letters of a running engine: parks rows, and knows which keys have one that a later change supersedes. */
export class DeadLetters {
  readonly #folder: LetterFolder
  readonly #parts: DeadLetterParts
  readonly #keys = new ParkedKeys()
  readonly #open = new Map<string, OpenLetter>()

  private constructor(folder: LetterFolder, parts: DeadLetterParts) {
    this.#folder = folder
    this.#parts = parts
  }

  /** Reads the files of a data_dir. Rejects with deadLettersDamaged naming file and line. */
  static async open(dataDir: string, parts: DeadLetterParts): Promise<DeadLetters> {
    const filing = new Filing(withoutBody)
    const folder = await LetterFolder.open(dataDir, line => filing.take(line))
    const letters = new DeadLetters(folder, parts)
    for (const { letter, reason } of filing.open) letters.#add({ ...letter, reason }, false)
    parts.onOpen(letters.#open.size)
    return letters
  }

  /**
   * The run starts here: what was parked from here on is read again. A row that is sent again takes the place of its letter,
   * and is parked anew if it is still refused; where the rest of its load is in already, nothing is sent, and the letter stays.
   */
  expectFrom(start: Position): void {
    for (const [id, letter] of this.#open) {
      const { target, mode, hash, key, place, partial, keyColumns } = letter
      const givesWayTo = mode === 'upsert' ? 'either' : 'itself'
      if (isReadAgain(letter, start)) this.#keys.add(target, hash, { id, key, place, givesWayTo, partial, keyColumns })
    }
  }

  /** Resolves when the letters are on disk. One that is open for the same reason is there already. */
  async park(letters: readonly DeadLetter[]): Promise<void> {
    const fresh = letters.filter(letter => this.#open.get(letter.id)?.reason !== letter.reason)
    await this.#append(fresh.map(letter => ({ target: letter.target, line: renderLetter(letter) })))
    for (const letter of fresh) this.#add(letter, true)
    if (fresh.length > 0) this.#parts.onOpen(this.#open.size)
  }

  /** Resolves when it is on disk that these are superseded; those that are not open stay as they are. */
  async supersede(letters: readonly { readonly id: string; readonly by: string }[]): Promise<void> {
    const atMs = this.#parts.now()
    const open = letters.filter(({ id }) => this.#open.has(id))
    const byOf = (id: string, by: string) => (by === formatPlace(this.#open.get(id)!.place) ? 'read again' : by)
    await this.#append(
      open.map(({ id, by }) => ({
        target: this.#open.get(id)!.target,
        line: renderChange({ id, state: 'superseded', atMs, by: byOf(id, by), reason: null }),
      })),
    )
    for (const { id } of open) {
      const { target, hash } = this.#open.get(id)!
      this.#keys.remove(target, hash, id)
      this.#open.delete(id)
    }
    if (open.length > 0) this.#parts.onOpen(this.#open.size)
  }

  /** The target was emptied: its rows must not come back. */
  async supersedeTarget(target: string, by: string): Promise<void> {
    const letters = [...this.#open].filter(([, letter]) => letter.target === target)
    await this.supersede(letters.map(([id]) => ({ id, by })))
  }

  /** Whether any row of this target is parked that a row still to be sent may take the place of. */
  parkedIn(target: string): boolean {
    return this.#keys.parkedIn(target)
  }

  /** Ids of the open letters that this row supersedes; see `ParkedKeys.touch`. To be handed to `supersede`. */
  touch(target: string, hash: number, row: () => TouchingRow): string[] {
    return this.#keys.touch(target, hash, row)
  }

  #add(letter: DeadLetter, ofThisRun: boolean): void {
    const { id, target, mode, keyHash: hash, reason, server, place } = letter
    const key = keyText(letter.key)
    const partial = letter.load.partial === true ? letter.load.columns : null
    const keyColumns = letter.load.key
    this.#open.set(id, { target, mode, hash, key, reason, server, place, partial, keyColumns })
    if (mode === 'upsert')
      this.#keys.add(target, hash, {
        id,
        key,
        place: ofThisRun ? place : null,
        givesWayTo: 'later',
        partial,
        keyColumns,
      })
  }

  /** One write for each target. */
  async #append(lines: readonly { readonly target: string; readonly line: string }[]): Promise<void> {
    const targets = new Map<string, string[]>()
    for (const { target, line } of lines) {
      const known = targets.get(target)
      if (known) known.push(line)
      else targets.set(target, [line])
    }
    for (const [target, own] of targets) await this.#folder.append(target, own)
  }
}

function withoutBody(letter: DeadLetter): DeadLetter {
  const columns = letter.load.partial === true ? letter.load.columns : ''
  return { ...letter, before: null, after: null, load: { ...letter.load, row: new Uint8Array(0), columns } }
}
