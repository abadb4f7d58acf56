import type { BoundColumn } from './bound-column.js'
import type { ColumnCode, TargetForm } from './column-code.js'
import { textColumnCode } from './text-column-code.js'
import { columnCode } from './wire-column-code.js'

/** What kind of bytes an encoder reads: row images of a binlog, or rows of the text protocol (`TextRows`). */
export type ImageKind = 'binlog' | 'text'

/**
 * JavaScript that tells apart how an image holds its values; it reads `b`, where the image begins at `at`, and `p`.
 *
 * An *extended image* is an image with values of the text protocol behind it, one for each added column; rows of the text
 * protocol are extended by further values of their own kind.
 */
export interface ImageForm {
  /** Bytes in front of the first value. */
  readonly headBytes: number
  /** Throws for an image that is none of these columns, as far as its head tells. */
  readonly check: string
  /** Whether the value of column `i`, which would begin at `p`, is NULL. */
  isNull(i: number): string
  /** Moves `p` behind a NULL of column `i`. */
  skipNull(i: number): string
  column(column: BoundColumn, i: number, form: TargetForm): ColumnCode
}

/** `added`: how many of `columns`, at their end, are added values. */
export function imageForm(kind: ImageKind, columns: readonly BoundColumn[], added = 0): ImageForm {
  if (kind === 'text') return TEXT_FORM
  return added === 0 ? binlogForm(columns) : extendedForm(columns.slice(0, columns.length - added))
}

/** The values of `own` columns as the binlog has them, then text. */
function extendedForm(own: readonly BoundColumn[]): ImageForm {
  const form = binlogForm(own)
  const formOf = (i: number) => (i < own.length ? form : TEXT_FORM)
  return {
    headBytes: form.headBytes,
    check: form.check,
    isNull: i => formOf(i).isNull(i),
    skipNull: i => formOf(i).skipNull(i),
    column: (column, i, target) => formOf(i).column(column, i, target),
  }
}

/** A bitmap of NULLs, then the values that are not NULL. */
function binlogForm(columns: readonly BoundColumn[]): ImageForm {
  const headBytes = (columns.length + 7) >> 3
  let check = ''
  // A NULL bit on a column that has none says that the image is not one of this table.
  for (let byte = 0; byte < headBytes; byte++) {
    let mask = 0
    for (let bit = 0; bit < 8; bit++) if (columns[byte * 8 + bit]?.nullable === false) mask |= 1 << bit
    if (mask !== 0) check += `if((b[at+${byte}]&${mask})!==0)notNullable(at+${byte});`
  }
  return {
    headBytes,
    check,
    isNull: i => `(b[at+${i >> 3}]&${1 << (i & 7)})!==0`,
    skipNull: () => '',
    column: columnCode,
  }
}

/** Length-encoded strings, of which the first byte 0xfb is NULL; where a column is NOT NULL, reading its length refuses that. */
const TEXT_FORM: ImageForm = {
  headBytes: 0,
  check: '',
  isNull: () => 'b[p]===251',
  skipNull: () => 'p++;',
  column: textColumnCode,
}
