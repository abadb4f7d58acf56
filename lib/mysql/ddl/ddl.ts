/** What a DDL statement says, as written: names and types are not resolved, defaults not filled in. */
export type Ddl =
  | CreateTable
  | { readonly kind: 'alterTable'; readonly table: TableRef; readonly specs: readonly AlterSpec[] }
  | { readonly kind: 'renameTables'; readonly pairs: readonly { readonly from: TableRef; readonly to: TableRef }[] }
  | { readonly kind: 'dropTables'; readonly tables: readonly TableRef[] }
  | { readonly kind: 'truncate'; readonly table: TableRef }
  | {
      readonly kind: 'createDatabase'
      readonly schema: string
      readonly charset: CharsetChoice
      readonly orReplace: boolean
      readonly ifNotExists: boolean
    }
  | { readonly kind: 'alterDatabase'; readonly schema: string | null; readonly charset: CharsetChoice }
  | { readonly kind: 'dropDatabase'; readonly schema: string }

export interface TableRef {
  /** Null: the session's default schema. */
  readonly schema: string | null
  readonly table: string
}

/** CHARACTER SET and COLLATE as written, in lower case; `charset` "default" is the word DEFAULT. */
export interface CharsetChoice {
  readonly charset: string | null
  readonly collation: string | null
  /** The attribute BINARY is written. */
  readonly binary?: true
}

export interface CreateTable {
  readonly kind: 'createTable'
  readonly table: TableRef
  readonly orReplace: boolean
  readonly ifNotExists: boolean
  readonly columns: readonly ColumnDefinition[]
  readonly keys: readonly KeyDefinition[]
  readonly charset: CharsetChoice
  readonly comment: string
  /** CREATE TABLE … LIKE. */
  readonly like: TableRef | null
  /** CREATE TABLE … SELECT: its columns are not all in the statement. */
  readonly select: boolean
}

export interface DataType {
  /** In upper case, synonyms as written: "INT", "DOUBLE PRECISION", "NATIONAL VARCHAR". */
  readonly name: string
  /** Numbers in parentheses: length, or precision and scale. */
  readonly sizes: readonly number[]
  readonly members: readonly string[]
  readonly unsigned: boolean
  readonly zerofill: boolean
  readonly charset: CharsetChoice
  /** MariaDB COMPRESSED, its method left out. */
  readonly compressed: boolean
}

export type DefaultValue =
  | { readonly kind: 'null' }
  /** A string or number literal; `number`: written without quotes. */
  | { readonly kind: 'literal'; readonly text: string; readonly number: boolean }
  /** b'…', x'…': bytes as hex. */
  | { readonly kind: 'bits'; readonly hex: string }
  /** CURRENT_TIMESTAMP and its synonyms. */
  | { readonly kind: 'now' }
  | { readonly kind: 'expression'; readonly text: string }

export interface ColumnDefinition {
  readonly name: string
  readonly type: DataType
  /** Null: neither NULL nor NOT NULL is written. */
  readonly nullable: boolean | null
  /** Null: no DEFAULT is written. */
  readonly default: DefaultValue | null
  readonly onUpdateNow: boolean
  readonly generated: 'virtual' | 'stored' | null
  readonly autoIncrement: boolean
  readonly key: 'primary' | 'unique' | 'plain' | null
  readonly comment: string
}

export interface KeyDefinition {
  /** `foreign`: the index of a foreign key, made when no other index will do. */
  readonly kind: 'primary' | 'unique' | 'plain' | 'foreign'
  readonly name: string | null
  readonly parts: readonly KeyPart[]
  readonly ifNotExists: boolean
}

export interface KeyPart {
  /** Null: an expression. */
  readonly column: string | null
  /** How many characters (or bytes) count; null: all. */
  readonly prefix: number | null
}

/** Where a column goes; null: its old place, or the end. */
export type ColumnPlace = { readonly first: true } | { readonly after: string } | null

export type AlterSpec =
  | {
      readonly kind: 'addColumn'
      readonly column: ColumnDefinition
      readonly place: ColumnPlace
      readonly ifNotExists: boolean
    }
  | { readonly kind: 'dropColumn'; readonly column: string; readonly ifExists: boolean }
  /** CHANGE and MODIFY. */
  | {
      readonly kind: 'changeColumn'
      readonly from: string
      readonly column: ColumnDefinition
      readonly place: ColumnPlace
      readonly ifExists: boolean
    }
  | { readonly kind: 'renameColumn'; readonly from: string; readonly to: string; readonly ifExists: boolean }
  | {
      readonly kind: 'setDefault'
      readonly column: string
      readonly default: DefaultValue | null
      readonly ifExists: boolean
    }
  | { readonly kind: 'addKey'; readonly key: KeyDefinition }
  /** A name that no key has is that of a constraint. */
  | { readonly kind: 'dropKey'; readonly name: string }
  | { readonly kind: 'renameKey'; readonly from: string; readonly to: string }
  | { readonly kind: 'renameTable'; readonly to: TableRef }
  | { readonly kind: 'convertCharset'; readonly charset: CharsetChoice }
  | { readonly kind: 'defaultCharset'; readonly charset: CharsetChoice }
  | { readonly kind: 'comment'; readonly comment: string }
  /** Rows change, come or go, and no row event tells of it: why, in words. */
  | {
      readonly kind: 'unseenRows'
      readonly reason: string
      /** The other table that takes part; what happens to it besides its rows. */
      readonly other: TableRef | null
      readonly effect: 'create' | 'drop' | null
    }
  /** MariaDB: the table gets, or loses, row versions and their hidden columns. */
  | { readonly kind: 'systemVersioning' }

export const NO_CHARSET: CharsetChoice = { charset: null, collation: null }
