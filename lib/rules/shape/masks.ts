import { spanAt, spanBytes } from '../../binlog/ascii-span.js'
import { parseMask } from '../../config/mask.js'
import type { ColumnFill } from '../../model/column-fill.js'
import { Failure } from '../../model/failure.js'
import type { KeyedHash, Mask } from '../../model/mask.js'
import { type SourceColumn, type TableSchema, tableName } from '../../model/schema.js'
import type { Value } from '../../model/value.js'
import { keyColumns } from '../partial-key.js'
import type { MatchedRule } from '../rule-book.js'
import type { AddedValue } from './added-value.js'
import { maskSpan, type WriteMaskedSpan } from './mask-span.js'
import { maskText } from './mask-text.js'
import { maskedColumn, readsBytes } from './masked-column.js'
import { ANY_TEXT, type RowSlots } from './row-slots.js'

/** What stands in place of the values of one column. */
export interface ColumnMask {
  /** Index of the table's column. */
  readonly index: number
  /** The column as the table has it. */
  readonly own: SourceColumn
  /** The column as it is when its values are masked. */
  readonly column: SourceColumn
  /** False: the value is not asked for. */
  readonly reads: boolean
  /** `value`: the text that the stream writes, of bytes their base64; or NULL. */
  apply(value: Value): string | null
  /** The same of a text of ASCII characters where it stands; null: `apply` does it. */
  readonly applySpan: WriteMaskedSpan | null
}

/**
 * The masks of a rule, in the order of the table's columns. Columns that the rule leaves out are among them: what is parked of a
 * row shows all of its columns.
 * @throws Failure ruleInvalid naming rule, mask and column where the table has no such column, its type does not go with the
 *   mask, or rows of an `upsert` rule could not be told apart by what is left of their key
 */
export function columnMasks(schema: TableSchema, matched: MatchedRule): ColumnMask[] {
  const { rule } = matched
  const { mask, salt } = rule.shape
  const unknown = [...mask.keys()].find(
    name => !schema.columns.some(column => column.name === name) && !schema.laterColumns?.includes(name),
  )
  if (unknown !== undefined)
    throw invalid(
      `mask names column "${unknown}", which ${tableName(schema)} does not have (it has ${schema.columns.map(c => c.name).join(', ')})`,
      matched,
    )
  return schema.columns.flatMap((column, index) => {
    const text = mask.get(column.name)
    return text === undefined ? [] : [columnMask({ schema, matched, column, index }, text, salt)]
  })
}

/** The masks of a rule as values behind the images, each in place of its column. Throws as `columnMasks` does. */
export function planMasks(schema: TableSchema, matched: MatchedRule, slots: RowSlots): AddedValue[] {
  return columnMasks(schema, matched).map(({ index, column, reads, apply, applySpan }): AddedValue => {
    if (!reads) return { column, replaces: index, write: (_values, _row, to) => to.null() }
    const slot = slots.column({ column: index, of: 'row', type: ANY_TEXT, ...(applySpan && { asSpan: true }) })
    return {
      column,
      replaces: index,
      write(values, { image }, to) {
        const value = values[slot]!
        if (applySpan !== null && typeof value === 'number') {
          applySpan(image, spanAt(value), spanBytes(value), to)
          return
        }
        const masked = apply(value)
        if (masked === null) to.null()
        else to.text(masked)
      },
    }
  })
}

/** What rows that are there already have in a column that is added with this value. */
export function maskedFill(fill: ColumnFill, { own, apply }: ColumnMask): ColumnFill {
  if (fill.kind !== 'text') return fill
  const masked = apply(readsBytes(own) ? Buffer.from(fill.text).toString('base64') : fill.text)
  return masked === null ? { kind: 'null' } : { kind: 'text', text: masked }
}

interface MaskedPlace {
  readonly schema: TableSchema
  readonly matched: MatchedRule
  readonly column: SourceColumn
  readonly index: number
}

function columnMask(place: MaskedPlace, text: string, salt: KeyedHash | null): ColumnMask {
  const { schema, matched, column, index } = place
  const mask = parseMask(text)
  const says = `mask.${column.name} = "${text}"`
  if (typeof mask === 'string') throw invalid(`${says} ${mask}`, matched)
  if (mask.by === 'sha256' && salt === null) throw invalid(`${says} needs mask_salt`, matched)
  const masked = maskedColumn(column, mask)
  if (typeof masked === 'string')
    throw invalid(`${says} ${masked}, and ${tableName(schema)}.${column.name} is ${column.columnType}`, matched)
  if (mask.by !== 'sha256' && keyOf(schema, matched).includes(column.name)) throw keyHidden(says, place)
  const write = maskText(mask, salt)
  return {
    index,
    own: column,
    column: masked,
    reads: mask.by !== 'null',
    apply: applying(write, readsAsBytes(mask, column)),
    applySpan: readsBytes(column) ? null : maskSpan(mask),
  }
}

function readsAsBytes(mask: Mask, column: SourceColumn): boolean {
  return mask.by === 'sha256' && readsBytes(column)
}

function applying(write: ReturnType<typeof maskText>, asBytes: boolean): ColumnMask['apply'] {
  return value => {
    if (value === null) return null
    if (typeof value !== 'string') throw new TypeError(`a mask was given a ${typeof value}`)
    return write(asBytes ? Buffer.from(value, 'base64') : value)
  }
}

/** Source columns by which rows of the target are told apart. Rows of changes and of groups are not told apart by them. */
function keyOf(schema: TableSchema, matched: MatchedRule): readonly string[] {
  return matched.rule.mode === 'upsert' ? keyColumns(schema, matched) : []
}

function keyHidden(says: string, { schema, matched, column }: MaskedPlace): Failure {
  return invalid(
    `${says} hides a key column of ${tableName(schema)}: different rows could get the same key, and one would overwrite the other`,
    matched,
    `Use mask = { ${column.name} = "sha256" }, by which different keys stay different, or write the table with mode = "append".`,
  )
}

function invalid(message: string, matched: MatchedRule, advice?: string): Failure {
  return new Failure('ruleInvalid', `${matched.rule.where}: ${message}.`, advice === undefined ? {} : { advice })
}
