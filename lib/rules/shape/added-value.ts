import type { TextValueWriter } from '../../binlog/text-image-writer.js'
import type { ChangePlace } from '../../model/change-place.js'
import type { Operation } from '../../model/rule-shape.js'
import type { SourceColumn } from '../../model/schema.js'
import type { Value } from '../../model/value.js'

/** What is known of the row that is written, beside its columns. One object serves all rows: nobody keeps it. */
export interface RowContext {
  /** Where the texts stand that are told as spans. */
  readonly image: Buffer
  /** At the source: half of an update whose other half is not written is an update still. */
  readonly operation: Operation
  /** As what it is written: an update by which a row enters a filter is an insert. */
  readonly written: Operation
  readonly place: ChangePlace
  /** Which change of its event it is. */
  readonly row: number
  /** Of the source's clock, ms since 1970. */
  readonly commitMs: number
  /** The row that is written is one that the source has no more. */
  readonly isDeleted: boolean
}

/**
 * A value that a rule makes of a row: it stands behind the row's image, as the text that the stream writes for a column of
 * its type.
 */
export interface AddedValue {
  /** Its name is the target's name for it, or, where it replaces a column of the table, that column's. */
  readonly column: SourceColumn
  /** Index of the column of the table in whose place it is written; null: it is a further one. */
  readonly replaces: number | null
  /**
   * Appends exactly one value to `to`. `values` has what was asked of `RowSlots`.
   * @throws ValueFailure where the row gives no value
   */
  write(values: readonly Value[], row: RowContext, to: TextValueWriter): void
}

/** Why a row gives no value: a clause that stands behind the name of what was to be computed. Names no value that is masked. */
export class ValueFailure extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.name = 'ValueFailure'
  }
}
