import type { ColumnFill } from '../../model/column-fill.js'
import type { SourceColumn } from '../../model/schema.js'
import type { DefaultValue } from './ddl.js'
import { literalText } from './literal-text.js'

/** A column with the default that a statement gives it (null: none), as the catalog would tell it; see columnDefault. */
export function withDefault(column: SourceColumn, written: DefaultValue | null, mariadb: boolean): SourceColumn {
  const { defaultValue: _, ...rest } = column
  const value = insertDefault(rest, written, mariadb)
  return value === null ? rest : { ...rest, defaultValue: value }
}

const NUMBER = /^(tinyint|smallint|mediumint|int|bigint|decimal|float|double|year|bit)$/
const TEXT = /^(char|varchar|(tiny|medium|long)?text|enum|set|time)$/

function insertDefault(column: SourceColumn, written: DefaultValue | null, mariadb: boolean): ColumnFill | null {
  const { dataType, nullable } = column
  if (written === null || written.kind === 'null') return nullable ? { kind: 'null' } : null
  const literal = asLiteral(written, mariadb)
  if (literal === null) return null
  const text = literalText(literal, column)
  if (NUMBER.test(dataType) || TEXT.test(dataType))
    return text === null ? unknown('has a default whose value is not known here') : { kind: 'text', text }
  if (dataType !== 'date' && dataType !== 'datetime')
    return unknown(`has a default of type ${dataType}, whose value the catalog does not tell exactly`)
  return text !== null && /^(?!0000)\d{4}-(?!00)\d\d-(?!00)\d\d/.test(text)
    ? { kind: 'text', text }
    : unknown('has a zero date as default')
}

/** MariaDB keeps a literal in parentheses as the literal. */
function asLiteral(written: DefaultValue, mariadb: boolean): { text: string } | { hex: string } | null {
  if (written.kind === 'literal') return { text: written.text }
  if (written.kind === 'bits') return { hex: written.hex }
  if (written.kind !== 'expression' || !mariadb) return null
  const text = /^'([^'\\]*)'$/.exec(written.text)?.[1] ?? /^-?\d+(\.\d+)?$/.exec(written.text)?.[0]
  return text === undefined ? null : { text }
}

function unknown(reason: string): ColumnFill {
  return { kind: 'unknown', reason }
}
