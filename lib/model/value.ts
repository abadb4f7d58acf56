/**
 * A value of a row, as rules see it; null is NULL. `integer` of up to 32 bits, `year` and `double`: number; `integer` of 64
 * bits and `bit`: bigint; `decimal`: bigint, the value times 10^scale; `text`, `json` and the temporal kinds: the text that
 * the stream writes; `bytes`: their bytes.
 */
export type Value = null | number | bigint | string | Uint8Array

/** What values a column or an expression has. */
export type ValueType =
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 24 | 32 | 64; readonly unsigned: boolean }
  | { readonly kind: 'bit'; readonly bits: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'double' }
  | { readonly kind: 'year' }
  /** `maxLength`: characters; null: not known. */
  | { readonly kind: 'text'; readonly maxLength: number | null }
  /** `maxLength`: bytes; null: not known. */
  | { readonly kind: 'bytes'; readonly maxLength: number | null }
  | { readonly kind: 'date' }
  | { readonly kind: 'datetime'; readonly fractionDigits: number }
  | { readonly kind: 'time'; readonly fractionDigits: number }
  | { readonly kind: 'json' }
