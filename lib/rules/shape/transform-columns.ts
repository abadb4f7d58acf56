import { sourceColumnOf } from '../../binlog/value-type.js'
import { Failure } from '../../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../../model/schema.js'
import type { ValueType } from '../../model/value.js'
import { parseTargetType, renderTargetType } from '../../starrocks/target-type.js'
import { writtenName } from '../column-plan.js'
import type { RuleSpec } from '../rule-book.js'

const INTEGER_BITS = { tinyint: 8, smallint: 16, int: 32, bigint: 64 } as const

/** LARGEINT holds so many digits of any value. */
const LARGEINT_DIGITS = 38
const MICROSECONDS = 6

/**
 * The table whose rows a rule's module makes: the columns that it is shown, at their places, each with the type that
 * transform_columns gives it, then those that it adds; its key is transform_key.
 * @throws Failure ruleInvalid naming the rule, the key and the column
 */
export function transformedSchema(seen: TableSchema, rule: RuleSpec): TableSchema {
  const { transformColumns, transformKey } = rule.shape
  const names = seen.columns.map(column => writtenName(column, rule))
  const shown = seen.columns.map((column, i) => {
    const type = transformColumns.get(names[i] ?? '')
    return type === undefined ? inUnicode(column) : { ...typedColumn(column.name, type, rule), ...placeIn(column) }
  })
  const further = [...transformColumns]
    .filter(([name]) => !names.includes(name))
    .map(([name, type]) => ({ ...typedColumn(name, type, rule), added: true as const }))
  const columns = [...shown, ...further]
  if (transformKey.length === 0) return { ...seen, columns }
  const key = transformKey.map(name => {
    const column = columns.find(candidate => writtenName(candidate, rule) === name)
    if (column !== undefined) return column.name
    const known = columns.flatMap(candidate => writtenName(candidate, rule) ?? [])
    throw new Failure(
      'ruleInvalid',
      `${rule.where}: transform_key names column "${name}", which rows of ${tableName(seen)} do not have (they have ${known.join(', ')}).`,
    )
  })
  return {
    ...seen,
    columns: columns.map(column => (key.includes(column.name) ? { ...column, nullable: false } : column)),
    key,
  }
}

/** What a column keeps beside its type. */
function placeIn({ added, comment }: SourceColumn): Partial<SourceColumn> {
  return { comment, ...(added === undefined ? {} : { added }) }
}

/** Texts of a module have all characters. */
function inUnicode(column: SourceColumn): SourceColumn {
  return column.charset === null ? column : { ...column, charset: 'utf8mb4' }
}

function typedColumn(name: string, text: string, rule: RuleSpec): SourceColumn {
  const type = parseTargetType(text)
  const { base, length } = type
  const column = (value: ValueType): SourceColumn => ({
    ...sourceColumnOf(name, value, ''),
    targetType: renderTargetType(type),
  })
  switch (base) {
    case 'boolean':
      return { ...column({ kind: 'integer', bits: 8, unsigned: false }), columnType: 'tinyint(1)' }
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return column({ kind: 'integer', bits: INTEGER_BITS[base], unsigned: false })
    case 'largeint':
      return column({ kind: 'decimal', precision: LARGEINT_DIGITS, scale: 0 })
    case 'decimal':
      return column({ kind: 'decimal', precision: type.precision!, scale: type.scale! })
    case 'float':
      return { ...column({ kind: 'double' }), dataType: 'float', columnType: 'float' }
    case 'double':
      return column({ kind: 'double' })
    case 'char':
    case 'varchar':
      return column({ kind: 'text', maxLength: length })
    case 'varbinary':
      return column({ kind: 'bytes', maxLength: length })
    case 'date':
    case 'json':
      return column({ kind: base })
    case 'datetime':
      return column({ kind: 'datetime', fractionDigits: MICROSECONDS })
    default:
      throw new Failure(
        'ruleInvalid',
        `${rule.where}: transform_columns = { ${name} = "${text}" } names a type that no column of a module can have.`,
        {
          advice:
            'Take BOOLEAN, TINYINT to LARGEINT, DECIMAL, FLOAT, DOUBLE, CHAR, VARCHAR, STRING, VARBINARY, DATE, DATETIME or JSON.',
        },
      )
  }
}
