import type { Zone } from '../model/zone.js'
import type { BoundColumn } from './bound-column.js'
import type { FieldGuard } from './field-guard.js'
import type { ImageKind } from './image-form.js'

export type FieldForm = 'text' | 'base64'

/** What a row looks like in a load body. */
export interface RowLayout {
  /** What the rows are read from; absent: row images of a binlog. */
  readonly images?: ImageKind
  /** All columns of the row image, in order. */
  readonly columns: readonly BoundColumn[]
  /**
   * So many of `columns`, at their end, are values of the text protocol that stand behind the image (`textColumn` describes
   * them); absent: none.
   */
  readonly added?: number
  /** Per source column: name in the target (JSON key), form, and what it cannot hold; null = left out. */
  readonly fields: readonly ({
    readonly name: string
    readonly form: FieldForm
    readonly guard?: FieldGuard | null
  } | null)[]
  /** Source column indexes that form the target key. */
  readonly key: readonly number[]
  /** Source column indexes that name a row in messages, where they are not `key`. */
  readonly identity?: readonly number[]
  /** Fields of CHANGE_COLUMNS stand in front; `setChange` says what they hold. */
  readonly change: boolean
  /**
   * Fields that add a value of the row to a sum (op 0) or take it away (op 1): each behind the field of its column, or where
   * it would be; those of `column` null count rows and stand behind the constants. NULL adds 0. Numeric columns only.
   */
  readonly measures: readonly { readonly name: string; readonly column: number | null }[]
  /**
   * Fields that stand where the field of a column would stand that the images do not have: in front of column `before` of
   * this layout, or behind all of them. `text`: as `encode` would write the value, base64 included; null: NULL.
   */
  readonly literals?: readonly { readonly name: string; readonly text: string | null; readonly before: number }[]
  /** Fields behind the columns that are the same in every row. */
  readonly constants: readonly { readonly name: string; readonly text: string | null }[]
  /** Append __op (0 upsert, 1 delete). */
  readonly op: boolean
  readonly format: 'csv' | 'json'
  /** ASCII; CSV only. */
  readonly columnSeparator: Uint8Array
  readonly rowDelimiter: Uint8Array
  /** For TIMESTAMP. */
  readonly zone: Zone
}
