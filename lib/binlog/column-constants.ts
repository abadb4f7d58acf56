import type { BoundColumn } from './bound-column.js'
import { type ColumnConstants, isBase64, type TargetForm } from './column-code.js'
import { converterOf } from './converted-value.js'
import { WIRE } from './wire-type.js'
import { decimalWriter } from './write-decimal.js'
import { type Separators, writeJsonText } from './write-text.js'

export function isUnsafe(bytes: Uint8Array, separators: Separators): boolean {
  return (bytes.length === 2 && bytes[0] === 92 && bytes[1] === 78) || bytes.some(byte => separators.table[byte] === 1)
}

/** What the code of a column needs, for a row in this form. */
export function columnConstants(column: BoundColumn, form: TargetForm, separators: Separators): ColumnConstants {
  const csv = form === 'csv' || form === 'csvBase64'
  const value = converterOf(column, isBase64(form))
  if (column.form !== 'labels') {
    const scratch = Buffer.alloc(column.type === WIRE.STRING ? column.length : 0)
    // Columns of text rows have no digits.
    const decimal =
      column.type === WIRE.NEWDECIMAL && column.length > 0 ? decimalWriter(column.length, column.scale) : null
    return { labels: [], texts: [], labelsUnsafe: separators.table, scratch, value, decimal }
  }
  const texts = [new Uint8Array(0), ...column.members]
  const labels = texts.map(text => (text === null ? null : csv ? Buffer.from(text) : jsonInside(text)))
  const room = texts.reduce((sum, text) => sum + (text?.length ?? 0) + 1, 0)
  return {
    labels,
    texts,
    labelsUnsafe: Uint8Array.from(labels, label => (csv && label !== null && isUnsafe(label, separators) ? 1 : 0)),
    scratch: Buffer.alloc(column.type === WIRE.SET ? room : 0),
    value,
    decimal: null,
  }
}

function jsonInside(bytes: Uint8Array): Uint8Array {
  const room = Buffer.alloc(bytes.length * 6)
  return Buffer.from(room.subarray(0, writeJsonText(Buffer.from(bytes), 0, bytes.length, room, 0)))
}
