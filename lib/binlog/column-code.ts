import type { ValueConverter } from './converted-value.js'
import type { DecimalWriter } from './write-decimal.js'

/** What the generated functions of one column need besides the write functions. */
export interface ColumnConstants {
  /** ENUM, SET: bytes to write for each label, ENUM's index 0 (the empty string) first; null = not certain. */
  readonly labels: readonly (Uint8Array | null)[]
  /** The same as plain text. */
  readonly texts: readonly (Uint8Array | null)[]
  /** 1 for each of `labels` that CSV cannot carry. */
  readonly labelsUnsafe: Uint8Array
  /** BINARY(n), and MariaDB's types of fixed length: room for the value with its trailing zero bytes. SET: room for all labels. */
  readonly scratch: Buffer
  /** Null: values are copied from the event. */
  readonly value: ValueConverter | null
  /** Null: it is no DECIMAL. */
  readonly decimal: DecimalWriter | null
}

export type TargetForm = 'csv' | 'csvBase64' | 'json' | 'jsonBase64'

export function isBase64(form: TargetForm): boolean {
  return form === 'csvBase64' || form === 'jsonBase64'
}

/**
 * JavaScript for one column. It reads `b` at `p` and writes `o` at `q`, moves both behind the value, sets `u` when CSV
 * cannot carry the value, and may leave the image's fixed parts unchecked: the caller compares `p` with `limit` at the end.
 */
export interface ColumnCode {
  /** Bytes of a value, null when they differ from value to value. */
  readonly fixedBytes: number | null
  /** Moves `p` behind the value. */
  readonly skip: string
  readonly write: string
  /** Adds to `x` what the value at `p` has more bytes inflated, and moves `p` behind it; null = it is not compressed. */
  readonly inflate: string | null
  /** Folds the value at `p` (its bytes end at `e`) into `h`. */
  readonly hash: string
  /** Most bytes that `write` writes for a value: fixed part, and factor of the value's wire bytes. */
  readonly textBytes: number
  readonly textRatio: number
}
