import type { SourceColumn, TargetColumn } from '../model/schema.js'
import type { ZeroDate } from '../model/value-policy.js'
import { comparedText } from '../starrocks/compared-text.js'
import { quoteIdentifier } from '../starrocks/ddl.js'
import { parseTargetType, type TargetType } from '../starrocks/target-type.js'
import type { ComparedColumn } from './compared-columns.js'

/** A column whose values are made here, as the stream would write them. */
export interface WrittenColumn {
  readonly column: ComparedColumn
  /** The text that StarRocks tells of a value (`ComparedColumn.target`) that is written as this text. */
  readonly shown: (written: string) => string
}

/** How a column is compared; a sentence where it cannot be. `source`: the column of the rows that are made, by the rule. */
export function writtenColumn(
  source: SourceColumn,
  target: TargetColumn,
  isKey: boolean,
  zeroDate: ZeroDate,
): WrittenColumn | string {
  const told = comparedText(source, { name: target.name, type: target.type, isKey, zeroDate })
  if (told.how === 'ignored') return told.reason
  const type = parseTargetType(target.type)
  // Shapes and vectors are written as texts, and texts stay as they are.
  const isText = told.kind === 'geometry' || told.kind === 'vector'
  const column = {
    name: target.name,
    kind: isText ? ('text' as const) : told.kind,
    fetched: told.how === 'rows' && !isText,
    long: told.long,
    target: told.target,
  }
  return { column, shown: written => shownText(type, written) }
}

/** A column that holds one text in all rows. */
export function constantColumn({ name, type }: TargetColumn): WrittenColumn | string {
  if (!/^(var)?char/.test(type)) return 'a constant is compared in a text column only'
  const column = { name, kind: 'text' as const, fetched: false, long: false, target: quoteIdentifier(name) }
  return { column, shown: written => written }
}

function shownText({ base, scale }: TargetType, written: string): string {
  switch (base) {
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'largeint':
      if (written === 'true' || written === 'false') return written === 'true' ? '1' : '0'
      return /^-?\d+$/.test(written) ? BigInt(written).toString() : written
    case 'decimal':
      return decimalText(written, scale ?? 0)
    case 'date':
      return written.slice(0, 10)
    case 'datetime':
      return momentText(written)
    default:
      return written
  }
}

/** With all digits of the scale. */
function decimalText(written: string, scale: number): string {
  const match = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(written)
  const [, sign = '', whole = '', fraction = ''] = match ?? []
  if (match === null || fraction.length > scale) return written
  const digits = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`
  return /[1-9]/.test(digits) ? `${sign}${digits}` : digits
}

/** Six digits of a fraction, or none. */
function momentText(written: string): string {
  const [day = '', time = ''] = written.slice(0, 19).split(' ')
  const whole = `${day} ${time === '' ? '00:00:00' : time}`
  const fraction = written.slice(20).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction.padEnd(6, '0')}`
}
