import type { ExpressionScope, NamedValue } from '../../lib/expression/scope.js'
import type { Value, ValueType } from '../../lib/model/value.js'

export interface SampleColumn {
  readonly name: string
  readonly ddl: string
  readonly type: ValueType
  readonly collation?: string
}

const integer = (bits: 8 | 16 | 24 | 32 | 64, unsigned = false): ValueType => ({ kind: 'integer', bits, unsigned })
const text = (maxLength: number): ValueType => ({ kind: 'text', maxLength })

/** One column of each kind that an expression can read. `ci` stands for the server's own accent-insensitive collation. */
export const SAMPLE_COLUMNS: readonly SampleColumn[] = [
  { name: 'ti', ddl: 'tinyint', type: integer(8) },
  { name: 'su', ddl: 'smallint unsigned', type: integer(16, true) },
  { name: 'i', ddl: 'int', type: integer(32) },
  { name: 'iu', ddl: 'int unsigned', type: integer(32, true) },
  { name: 'bi', ddl: 'bigint', type: integer(64) },
  { name: 'bu', ddl: 'bigint unsigned', type: integer(64, true) },
  { name: 'n', ddl: 'decimal(10,2)', type: { kind: 'decimal', precision: 10, scale: 2 } },
  { name: 'm', ddl: 'decimal(30,10)', type: { kind: 'decimal', precision: 30, scale: 10 } },
  { name: 'w', ddl: 'decimal(12,0)', type: { kind: 'decimal', precision: 12, scale: 0 } },
  { name: 'f', ddl: 'double', type: { kind: 'double' } },
  { name: 's', ddl: 'varchar(40) collate CI', type: text(40), collation: 'ci' },
  { name: 'r', ddl: 'varchar(40) collate CI', type: text(40), collation: 'ci' },
  { name: 'b', ddl: 'varchar(40) collate utf8mb4_bin', type: text(40), collation: 'utf8mb4_bin' },
  { name: 'g', ddl: 'varchar(40) collate utf8mb4_general_ci', type: text(40), collation: 'utf8mb4_general_ci' },
  { name: 'v', ddl: 'varbinary(20)', type: { kind: 'bytes', maxLength: 20 } },
  { name: 'd', ddl: 'date', type: { kind: 'date' } },
  { name: 'dt', ddl: 'datetime', type: { kind: 'datetime', fractionDigits: 0 } },
  { name: 'ds', ddl: 'datetime(6)', type: { kind: 'datetime', fractionDigits: 6 } },
  { name: 't', ddl: 'time', type: { kind: 'time', fractionDigits: 0 } },
  { name: 'ts', ddl: 'time(3)', type: { kind: 'time', fractionDigits: 3 } },
  { name: 'y', ddl: 'year', type: { kind: 'year' } },
  { name: 'q', ddl: 'bit(10)', type: { kind: 'bit', bits: 10 } },
  { name: 'j', ddl: 'json', type: { kind: 'json' } },
]

const NULLS = `(1${', null'.repeat(SAMPLE_COLUMNS.length)})`

/** Rows as INSERT writes them, behind the id: NULL everywhere, zeros, extremes, Unicode, dates at the edges. */
export const SAMPLE_ROWS: readonly string[] = [
  NULLS,
  `(2, 0, 0, 0, 0, 0, 0, 0.00, 0, 0, 0, '', '', '', '', '', '2021-12-21', '2021-12-21 00:00:00', '2021-12-21 00:00:00.000000', '00:00:00', '00:00:00.000', 2021, b'0', '{}')`,
  `(3, -128, 65535, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, -99999999.99, -99999999999999999999.9999999999, -999999999999, -1.7976931348623157e308, 'ABC', 'abc', 'ABC', 'ABC', x'00ff', '1000-01-01', '1000-01-01 00:00:00', '9999-12-31 23:59:59.999999', '-838:59:59', '-838:59:59.000', 1901, b'1111111111', '{"a": null, "b": [1, 2.50, {"c": "x\\\\"y"}]}')`,
  `(4, 127, 1, 2147483647, 1, 9223372036854775807, 1, 99999999.99, 99999999999999999999.9999999999, 999999999999, 1.7976931348623157e308, 'abc', 'ABC', 'abc', 'abc', x'616263', '9999-12-31', '9999-12-31 23:59:59', '2000-02-29 12:34:56.789012', '838:59:59', '838:59:59.000', 2155, b'1', '[1, "two", null]')`,
  `(5, 5, 10, -7, 7, 3, 2, 12.34, 1.5, 7, 2.5, 'Äpfel', 'apfel', 'Äpfel', 'Äpfel', x'c3a4', '2020-02-29', '2020-02-29 23:59:59', '2020-02-29 23:59:59.500000', '12:34:56', '12:34:56.789', 2020, b'101', '{"a": 1, "b": "text", "c": {"d": [10, 20]}}')`,
  `(6, -5, 3, 7, 3, -3, 3, -12.35, -0.0000000001, -7, -2.5, 'trailing  ', 'trailing', 'trailing  ', 'trailing  ', x'20', '2021-01-01', '2021-01-01 10:00:00', '2021-01-01 10:00:00.000001', '-00:00:01', '-00:00:01.500', 1999, b'11', '"just text"')`,
  `(7, 1, 2, 3, 4, 5, 6, 0.05, 0.3333333333, 1, 0.1, '12.5abc', ' 7 ', '1e3', '-0.5', x'3132', '2024-12-30', '2024-12-30 12:00:00', '2024-12-30 12:00:00.123456', '01:02:03', '01:02:03.004', 2024, b'10', '{"n": 12.50, "t": true, "s": "Größe"}')`,
  `(8, 2, 100, 1000000, 1000000, 1000000000000, 1000000000000, 1000.00, 1000000.0000000001, 1000, 1e15, '😀 smile', '%_x', 'a_c', 'straße', x'f09f9880', '1969-12-31', '1969-12-31 23:00:00', '1970-01-01 00:00:00.000000', '10:00:00', '10:00:00.100', 1970, b'1000000000', '{"a.b": 1, "x y": [[1, 2], [3]]}')`,
  `(9, -1, 7, -1, 2, -1, 9, 0.99, 2.5000000000, 3, -0.5, 'draft', 'Paid', 'draft', 'Draft', x'ff', '2021-12-31', '2021-12-31 23:59:59', '2021-12-31 23:59:59.999999', '23:59:59', '23:59:59.999', 2000, b'100', 'null')`,
  `(10, 10, 20, 30, 40, 50, 60, 2.50, 3.5, 15, 1e-7, 'a,b,c', 'x''y', 'A', 'é', x'01', '2016-01-03', '2016-01-03 05:06:07', '2016-01-03 05:06:07.000900', '100:00:00', '100:00:00.500', 2010, b'111', '{"a": "2021-12-21", "e": ""}')`,
]

/** Statements that make the table `t`; a cell is given as INSERT writes it. */
export function sampleStatements(ciCollation: string, rows: readonly string[] = SAMPLE_ROWS): string[] {
  const columns = SAMPLE_COLUMNS.map(({ name, ddl }) => `${name} ${ddl.replace('CI', ciCollation)}`).join(', ')
  return [
    `create table t (id int primary key, ${columns}) default charset utf8mb4`,
    `insert into t values ${rows.join(', ')}`,
  ]
}

/** The columns by name; slot 0 is the first of them. */
export function sampleScope(ciCollation: string): ExpressionScope {
  return {
    resolve(name) {
      if ('variable' in name) return null
      const slot = SAMPLE_COLUMNS.findIndex(column => column.name === name.column)
      const column = SAMPLE_COLUMNS[slot]
      if (column === undefined) return null
      const collation = column.collation === 'ci' ? ciCollation : (column.collation ?? null)
      return { slot, type: column.type, nullable: true, collation } satisfies NamedValue
    },
  }
}

/** What the server sends for a column (text protocol) as the value that rules see. */
export function cellValue(type: ValueType, bytes: Buffer | null): Value {
  if (bytes === null) return null
  if (type.kind === 'bytes') return bytes
  if (type.kind === 'bit') return BigInt(`0x${bytes.toString('hex')}`)
  const shown = bytes.toString()
  switch (type.kind) {
    case 'integer':
      return type.bits === 64 ? BigInt(shown) : Number(shown)
    case 'year':
    case 'double':
      return Number(shown)
    case 'decimal':
      return BigInt(shown.replace('.', ''))
    default:
      return shown
  }
}
