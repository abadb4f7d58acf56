import { TextValueWriter } from '../../binlog/text-image-writer.js'
import type { TargetColumn, TargetTable } from '../../model/schema.js'
import type { Value } from '../../model/value.js'
import { fillerText } from '../../starrocks/target-type.js'
import type { TargetFit } from '../target-fit.js'
import type { RowContext } from './added-value.js'
import type { ShapedTable } from './shaped-table.js'

/** Where the added values of a row are needed: in all of it, in its key, which is all that a delete has, or nowhere. */
export type Extent = 'all' | 'key' | 'none'

/** Writes images anew, each with the added values behind it. */
export class ImageExtender {
  readonly to = new TextValueWriter()
  readonly #added: ShapedTable['added']
  readonly #isKey: readonly boolean[]
  readonly #fillers: readonly (string | null)[]
  /** An added value is part of the target's key. */
  readonly hasKey: boolean
  /** Where the last image begins. */
  at = 0
  /** The value being written, by its ordinal. */
  current = 0

  constructor({ schema, added }: ShapedTable, fit: TargetFit, target: TargetTable) {
    this.#added = added
    const further = added.filter(({ replaces }) => replaces === null)
    const first = schema.columns.length - further.length
    const indexes = added.map(value => value.replaces ?? first + further.indexOf(value))
    this.#isKey = indexes.map(i => fit.key.includes(i))
    this.hasKey = this.#isKey.includes(true)
    this.#fillers = indexes.map((i, k) => {
      const name = fit.fields[i]?.name
      return filler(
        added[k]!.column.nullable,
        target.columns.find(column => column.name === name),
      )
    })
  }

  /** The image `source[from..to)`, then the values. Throws ValueFailure where the row does not give one. */
  write(source: Buffer, from: number, end: number, values: readonly Value[], row: RowContext, extent: Extent): void {
    const { to } = this
    this.at = to.end
    to.copy(source, from, end)
    const added = this.#added
    for (let k = 0; k < added.length; k++) {
      this.current = k
      if (extent === 'all' || (extent === 'key' && this.#isKey[k])) added[k]!.write(values, row, to)
      else {
        const text = this.#fillers[k]!
        if (text === null) to.null()
        else to.text(text)
      }
    }
  }
}

/** StarRocks judges all values of a row that it deletes, and stores none of them. */
function filler(nullable: boolean, column: TargetColumn | undefined): string | null {
  if (nullable && column?.nullable !== false) return null
  return column === undefined ? '' : fillerText(column.type)
}
