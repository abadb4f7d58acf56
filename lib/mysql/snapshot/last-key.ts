import type { KeyBound } from '../../model/chunk.js'
import type { SourceColumn } from '../../model/schema.js'
import { keyForm, keyLiteral } from './key-form.js'
import { quoteName } from './key-range.js'

const NULL = 0xfb
/** Character sets whose bytes are those of the same text in UTF-8, the text that a connection gives. */
const AS_UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii'])
/** Given by their label or their bytes, and compared by their number. */
const GIVEN_OTHERWISE = new Set(['enum', 'set', 'bit'])

/** Finds the key of a row in its text image. Null from `of`: some key column is not among the expressions as it is. */
export class LastKey {
  readonly #key: readonly SourceColumn[]
  /** For each key column the number of its value in the image. */
  readonly #places: readonly number[]

  private constructor(key: readonly SourceColumn[], places: readonly number[]) {
    this.#key = key
    this.#places = places
  }

  /** `expressions`: the SELECT list; a key column can be found where it stands there by its bare name. */
  static of(key: readonly SourceColumn[], expressions: readonly string[]): LastKey | null {
    const places = key.map(column => expressions.indexOf(quoteName(column.name)))
    const isPlain = (column: SourceColumn): boolean =>
      keyForm(column) !== null &&
      !GIVEN_OTHERWISE.has(column.dataType) &&
      (column.charset === null || AS_UTF8.has(column.charset))
    return key.length > 0 && places.every(place => place >= 0) && key.every(isPlain) ? new LastKey(key, places) : null
  }

  /** The key of the row whose image begins at `at`. */
  read(image: Buffer, at: number): KeyBound {
    const texts: string[] = []
    let offset = at
    for (let n = 0, found = 0; found < this.#key.length; n++) {
      const first = image[offset]!
      const size = first < 0xfb ? 0 : first === 0xfc ? 2 : first === 0xfd ? 3 : 8
      const length = size === 0 ? first : image.readUIntLE(offset + 1, Math.min(size, 6))
      const start = offset + 1 + size
      offset = first === NULL ? offset + 1 : start + length
      const place = this.#places.indexOf(n)
      if (place < 0) continue
      found++
      const isBytes = keyForm(this.#key[place]!) === 'bytes'
      texts[place] = image.toString(isBytes ? 'hex' : 'latin1', start, offset)
    }
    return this.#key.map((column, n) => keyLiteral(column, texts[n]!))
  }
}
