import type { BoundColumn } from './bound-column.js'
import { WIRE } from './wire-type.js'

const INTEGER_BYTES: Readonly<Record<number, number>> = {
  [WIRE.TINY]: 1,
  [WIRE.SHORT]: 2,
  [WIRE.INT24]: 3,
  [WIRE.LONG]: 4,
  [WIRE.LONGLONG]: 8,
}

/**
 * The bytes that a value has in a row image, from its text as SELECT prints it: of whole numbers, and of texts whose bytes
 * are certain (UTF-8, or ASCII in any charset that holds it unchanged). Null for all others.
 */
export function wireValue(column: BoundColumn, text: string): Buffer | null {
  const bytes = INTEGER_BYTES[column.type]
  if (bytes !== undefined) {
    if (!/^-?\d{1,20}$/.test(text)) return null
    const whole = Buffer.alloc(8)
    whole.writeBigUInt64LE(BigInt.asUintN(64, BigInt(text)))
    return whole.subarray(0, bytes)
  }
  if (column.type !== WIRE.VARCHAR && column.type !== WIRE.STRING) return null
  const value = Buffer.from(text)
  const certain = column.form === 'utf8' || (column.form === 'latin1' && value.length === text.length)
  if (!certain || value.length > column.length) return null
  const prefix = column.length > 255 ? [value.length & 255, value.length >> 8] : [value.length]
  return Buffer.concat([Buffer.from(prefix), value])
}
