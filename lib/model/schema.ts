import type { ColumnFill } from './column-fill.js'

/** One column of a source table, as information_schema.COLUMNS (or a FULL table map) describes it. */
export interface SourceColumn {
  readonly name: string
  /** DATA_TYPE in lower case: "bigint", "varchar", "enum", … */
  readonly dataType: string
  /** COLUMN_TYPE as the server prints it: "bigint unsigned", "enum('a','b')", "varchar(40)". */
  readonly columnType: string
  readonly unsigned: boolean
  readonly nullable: boolean
  /** Character set of CHAR, VARCHAR, TEXT, ENUM and SET; null for all others. */
  readonly charset: string | null
  /** How its texts are compared: "utf8mb4_general_ci". Absent: not known, or no text. */
  readonly collation?: string
  /** CHARACTER_MAXIMUM_LENGTH (characters) of string types, bytes of binary types; null for all others. */
  readonly maxLength: number | null
  /** NUMERIC_PRECISION: decimal digits, or bits for BIT; null for all others. */
  readonly precision: number | null
  readonly scale: number | null
  /** Fraction digits of TIME, DATETIME, TIMESTAMP (0..6); null for all others. */
  readonly fractionDigits: number | null
  /** Labels of ENUM and SET in order; empty for all others. */
  readonly members: readonly string[]
  readonly comment: string
  /**
   * What the column holds where an INSERT names no value for it: such columns are left out of the row images of
   * binlog_row_image = MINIMAL. Absent: nothing, or not known.
   */
  readonly defaultValue?: ColumnFill
  /** Absent: not a generated column. */
  readonly generated?: 'virtual' | 'stored'
  /** True: the table has no such column, a rule adds it under its target name. Absent: it is one of the table. */
  readonly added?: true
  /** The type of StarRocks that a rule gives it; absent: the one that its own type is mapped to. */
  readonly targetType?: string
  /** True: an added column that is summed only, and no column of the target by itself. */
  readonly summed?: true
}

export interface TableSchema {
  readonly schema: string
  readonly table: string
  /** Columns that the table has now and not yet at this position: rules may name them. Absent: none. */
  readonly laterColumns?: readonly string[]
  readonly columns: readonly SourceColumn[]
  /** Column names of the primary key in key order; without one, of the first UNIQUE key whose columns are all NOT NULL; else empty. */
  readonly key: readonly string[]
  /** Column names of the other unique keys, each over whole columns, which may be nullable. Absent: none, or not known. */
  readonly uniqueKeys?: readonly (readonly string[])[]
  readonly comment: string
}

/** One column of a StarRocks table. */
export interface TargetColumn {
  readonly name: string
  /** StarRocks type as DDL text in lower case: "bigint", "varchar(160)", "decimal(20,4)", "largeint", "varbinary". */
  readonly type: string
  readonly nullable: boolean
  readonly hasDefault: boolean
  /** Value columns of an AGGREGATE KEY table: the function in lower case ("sum", "max", …). Absent everywhere else. */
  readonly aggregate?: string
}

export type TargetModel = 'primary' | 'duplicate' | 'aggregate' | 'unique'

export interface TargetTable {
  readonly database: string
  readonly table: string
  readonly model: TargetModel
  readonly columns: readonly TargetColumn[]
  /** Names of the key columns in key order. */
  readonly key: readonly string[]
}

/** "schema.table", the form used in every message and metric. */
export function tableName(t: { readonly schema: string; readonly table: string }): string {
  return `${t.schema}.${t.table}`
}

/** "database.table" of a target. */
export function targetName(t: { readonly database: string; readonly table: string }): string {
  return `${t.database}.${t.table}`
}
