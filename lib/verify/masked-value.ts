import { parseMask } from '../config/mask.js'
import type { KeyedHash, Mask } from '../model/mask.js'
import type { SourceColumn } from '../model/schema.js'
import { writtenText } from '../starrocks/compared-text.js'
import { valueKind } from '../starrocks/type-map.js'
import { quoteName, type SourceValue, sourceText } from './source-literal.js'

/** The masked value of a column. `text`: the mask as the rule has it, which goes with the column's type. */
export function maskedValue(text: string, column: SourceColumn, salt: KeyedHash | null): SourceValue {
  const mask = parseMask(text)
  if (typeof mask === 'string') return { how: 'none', reason: `mask = "${text}" ${mask}` }
  const c = quoteName(column.name)
  if (mask.by !== 'sha256') return { how: 'sql', sql: maskSql(mask, column, c) }
  if (salt === null) return { how: 'none', reason: 'its values are hashed, and there is no mask_salt' }
  const hashed = hashedText(column, c)
  if (hashed !== null) return { how: 'hashed', sql: `HEX(${hashed})`, hash: salt }
  return {
    how: 'none',
    reason: `its values are hashed, and the source prints ${column.columnType} in another way than it is written`,
  }
}

/** What is hashed, as SQL of the source; null where SQL does not tell it byte by byte. */
function hashedText(column: SourceColumn, c: string): string | null {
  switch (valueKind(column)) {
    case 'bytes':
      return c
    case 'float':
      return column.dataType === 'double' ? `CAST(${c} AS CHAR)` : null
    case 'json':
    case 'special':
      return null
    default:
      return writtenText(column, c)
  }
}

/** The masks that SQL can say, as `maskText` says them here; characters of utf8mb4 are code points. */
function maskSql(mask: Exclude<Mask, { by: 'sha256' }>, column: SourceColumn, c: string): string {
  const text = writtenText(column, c)
  switch (mask.by) {
    case 'null':
      return 'NULL'
    case 'fixed':
      return `IF(${c} IS NULL, NULL, ${sourceText(mask.text)})`
    case 'truncate':
      return `LEFT(${text}, ${mask.length})`
    case 'keep': {
      const { head, tail, fill } = mask
      const length = `CHAR_LENGTH(${text})`
      const hidden = `REPEAT(${sourceText(fill)}, ${length} - ${head + tail})`
      return `IF(${length} <= ${head + tail}, REPEAT(${sourceText(fill)}, ${length}), CONCAT(LEFT(${text}, ${head}), ${hidden}, RIGHT(${text}, ${tail})))`
    }
    case 'email':
      return emailSql(`(${text} COLLATE utf8mb4_bin)`)
    case 'year':
      return firstDay(column, text, 4, '-01-01')
    case 'month':
      return firstDay(column, text, 7, '-01')
    case 'round': {
      const whole = `TRUNCATE(${c}, 0)`
      const rounded = `(${whole} - MOD(${whole}, ${mask.step}))`
      return column.dataType === 'decimal' ? `CAST(${rounded} AS DECIMAL(65,${column.scale ?? 0}))` : rounded
    }
  }
}

function emailSql(text: string): string {
  const domain = `SUBSTRING_INDEX(${text}, '@', -1)`
  // Characters before the last @.
  const before = `(CHAR_LENGTH(${text}) - CHAR_LENGTH(${domain}) - 1)`
  return `IF(INSTR(${text}, '@') = 0, '***', CONCAT(IF(${before} > 1, LEFT(${text}, 1), ''), '***@', ${domain}))`
}

function firstDay({ dataType, fractionDigits }: SourceColumn, text: string, kept: 4 | 7, day: string): string {
  const fraction = fractionDigits ? `.${'0'.repeat(fractionDigits)}` : ''
  const midnight = dataType === 'date' ? '' : ` 00:00:00${fraction}`
  return `IF(${text} LIKE '0000-00%', ${text}, CONCAT(LEFT(${text}, ${kept}), '${day}${midnight}'))`
}
