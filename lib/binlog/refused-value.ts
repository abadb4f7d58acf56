import type { FieldGuard } from './field-guard.js'

/** A value that is decoded, but has no place in its target column; the row encoder turns it into a Failure naming the row. */
export class RefusedValue extends Error {
  /** Index of the source column. */
  readonly column: number
  readonly advice: string | null

  constructor(column: number, reason: string, advice: string | null = null) {
    super(reason)
    this.name = 'RefusedValue'
    this.column = column
    this.advice = advice
  }
}

const ZERO_DATE_ADVICE =
  'Set zero_date = "null" (the target column must allow NULL) or "min" in the rule, give the column a text type with cast, or correct the row at the source and pass this position.'

/** NULL, where the target column is NOT NULL. */
export function refuseNull(guard: FieldGuard, column: number): never {
  throw new RefusedValue(
    column,
    `holds NULL, and ${guard.target} is NOT NULL`,
    `Let the target column be NULL (ALTER TABLE … MODIFY COLUMN … NULL), then start again.`,
  )
}

export function refuseBytes(guard: FieldGuard, column: number, bytes: number, most: number): never {
  throw new RefusedValue(column, `holds a value of ${bytes} bytes, and ${guard.target} has room for ${most}`)
}

/** A number whose text stands in `o[from..to)`. */
export function refuseNumber(guard: FieldGuard, column: number, o: Uint8Array, from: number, to: number): never {
  throw new RefusedValue(column, `holds ${ascii(o, from, to)}, which is beyond ${guard.target}`)
}

/** A number other than 0 and 1, bound for a BOOLEAN: StarRocks would make it true. */
export function refuseBoolean(guard: FieldGuard, column: number, o: Uint8Array, from: number, to: number): never {
  throw new RefusedValue(
    column,
    `holds ${ascii(o, from, to)}, which is neither 0 nor 1, and ${guard.target} would make it true`,
    'Give the target column a number type (tinyint1 = "tinyint" in the rule), or correct the row at the source and pass this position.',
  )
}

/** A date that does not exist, whose text stands in `o[from..to)`; `why` follows it. */
export function refuseDate(column: number, o: Uint8Array, from: number, to: number, why: string): never {
  throw new RefusedValue(column, `holds ${ascii(o, from, to)}, ${why}`, ZERO_DATE_ADVICE)
}

function ascii(o: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...o.subarray(from, to))
}
