import type { Aggregate, ColumnDefault, TableModel } from './catalog.js'
import type { ColumnType } from './column-type.js'
import { analyzingError, SqlError } from './sql-error.js'
import { isAny, type TokenReader } from './token-reader.js'
import { readColumnType } from './type-parser.js'

/** A column as written; null where the statement says nothing. */
export interface ColumnDefinition {
  readonly name: string
  readonly type: ColumnType
  readonly key: boolean
  readonly aggregate: Aggregate | null
  readonly nullable: boolean | null
  readonly default: ColumnDefault | null
  readonly autoIncrement: boolean
  readonly generated: string | null
  readonly comment: string
}

/** What stands before the columns, or before LIKE. */
export interface TableHead {
  readonly database: string | null
  readonly name: string
  readonly ifNotExists: boolean
}

export interface CreateTable extends TableHead {
  readonly external: boolean
  readonly engine: string
  readonly columns: readonly ColumnDefinition[]
  readonly model: TableModel | null
  readonly key: readonly string[]
  readonly comment: string
  readonly partitionBy: string | null
  readonly distribution: {
    readonly kind: 'hash' | 'random'
    readonly columns: readonly string[]
    readonly buckets: number | null
  } | null
  readonly orderBy: readonly string[]
  readonly properties: Readonly<Record<string, string>>
}

const AGGREGATES = new Set<string>(['sum', 'max', 'min', 'replace', 'replace_if_not_null', 'bitmap_union', 'hll_union'])
const MODELS: Readonly<Record<string, TableModel>> = {
  PRIMARY: 'primary',
  DUPLICATE: 'duplicate',
  AGGREGATE: 'aggregate',
  UNIQUE: 'unique',
}
const AFTER_EXPRESSION = new Set(['COMMENT', ',', ')', 'AFTER', 'FIRST', 'PROPERTIES', ';'])
const AFTER_PARTITION = new Set(['DISTRIBUTED', 'ORDER', 'PROPERTIES', 'BROKER', 'ROLLUP', ';'])

/** Reads CREATE TABLE behind the word TABLE. */
export function readCreateTable(reader: TokenReader, external: boolean): CreateTable {
  return readDefinition(reader, readTableHead(reader), external)
}

export function readTableHead(reader: TokenReader): TableHead {
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  return { ...reader.tableName(), ifNotExists }
}

/** Reads CREATE TABLE behind its head. The order of the clauses is fixed, as in StarRocks' grammar. */
export function readDefinition(reader: TokenReader, head: TableHead, external: boolean): CreateTable {
  if (reader.is('AS') || reader.is('SELECT'))
    throw new SqlError(1064, 'CREATE TABLE AS SELECT is not supported by this server')
  const columns: ColumnDefinition[] = []
  reader.expect('(')
  do {
    if (reader.accept('INDEX')) skipIndex(reader)
    else columns.push(readColumnDefinition(reader))
  } while (reader.accept(','))
  reader.expect(')')
  let engine = 'olap'
  if (reader.accept('ENGINE')) {
    reader.accept('=')
    engine = reader.name().toLowerCase()
  }
  readCharset(reader)
  let model: TableModel | null = null
  let key: string[] = []
  for (const [word, found] of Object.entries(MODELS))
    if (reader.accept(word, 'KEY')) {
      model = found
      key = reader.nameList()
    }
  const comment = readComment(reader)
  const partitionBy = reader.accept('PARTITION', 'BY')
    ? reader.sourceUntil(token => isAny(token, AFTER_PARTITION))
    : null
  const distribution = readDistribution(reader)
  const orderBy = reader.accept('ORDER', 'BY') ? reader.nameList() : []
  const properties = reader.accept('PROPERTIES') ? reader.properties() : {}
  reader.end()
  return {
    ...head,
    external,
    engine,
    columns,
    model,
    key,
    comment,
    partitionBy,
    distribution,
    orderBy,
    properties,
  }
}

/** Reads `name type [KEY] [agg] [NULL|NOT NULL] [DEFAULT ..|AUTO_INCREMENT|AS expr] [COMMENT ".."]`. */
export function readColumnDefinition(reader: TokenReader): ColumnDefinition {
  const name = reader.name()
  const type = readColumnType(reader)
  if (reader.accept('CHARSET') || reader.accept('CHARACTER', 'SET')) checkCharset(readWordOrString(reader))
  let key = reader.accept('KEY')
  let aggregate: Aggregate | null = null
  const word = reader.peek().kind === 'word' ? reader.peek().text.toLowerCase() : ''
  if (AGGREGATES.has(word)) {
    reader.next()
    aggregate = word as Aggregate
  }
  let nullable: boolean | null = null
  let defaultValue: ColumnDefault | null = null
  let autoIncrement = false
  let generated: string | null = null
  let comment = ''
  for (;;) {
    if (reader.accept('NOT', 'NULL')) nullable = false
    else if (reader.accept('NULL')) nullable = true
    else if (reader.accept('KEY')) key = true
    else if (reader.accept('AUTO_INCREMENT')) autoIncrement = true
    else if (reader.accept('DEFAULT')) defaultValue = readDefault(reader)
    else if (reader.accept('AS')) generated = reader.sourceUntil(token => isAny(token, AFTER_EXPRESSION))
    else if (reader.accept('COMMENT')) comment = reader.string()
    else break
  }
  if (reader.is('ON', 'UPDATE')) throw reader.unexpected("','")
  return { name, type, key, aggregate, nullable, default: defaultValue, autoIncrement, generated, comment }
}

function readDefault(reader: TokenReader): ColumnDefault | null {
  if (reader.accept('NULL')) return null
  if (reader.accept('CURRENT_TIMESTAMP')) {
    if (reader.accept('(')) {
      if (!reader.is(')')) reader.integer()
      reader.expect(')')
    }
    return { kind: 'now' }
  }
  if (reader.accept('(')) {
    const name = reader.name().toLowerCase()
    if (name !== 'uuid') throw analyzingError(`Default expr for function ${name}() is not supported`)
    reader.expect('(')
    reader.expect(')')
    reader.expect(')')
    return { kind: 'uuid' }
  }
  return { kind: 'literal', text: reader.string() }
}

function readDistribution(reader: TokenReader): CreateTable['distribution'] {
  if (!reader.accept('DISTRIBUTED', 'BY')) return null
  const kind = reader.accept('RANDOM') ? 'random' : 'hash'
  let columns: string[] = []
  if (kind === 'hash') {
    reader.expect('HASH')
    columns = reader.nameList()
  }
  let buckets: number | null = null
  if (reader.accept('BUCKETS') && !reader.accept('AUTO')) buckets = reader.integer()
  return { kind, columns, buckets }
}

/** Indexes change no answer, so they are read and forgotten. */
function skipIndex(reader: TokenReader): void {
  reader.name()
  reader.nameList()
  if (reader.accept('USING')) {
    reader.name()
    if (reader.is('(')) reader.properties()
  }
  readComment(reader)
}

function readComment(reader: TokenReader): string {
  if (!reader.accept('COMMENT')) return ''
  reader.accept('=')
  return reader.string()
}

function readCharset(reader: TokenReader): void {
  const isDefault = reader.accept('DEFAULT')
  if (reader.accept('CHARSET') || reader.accept('CHARACTER', 'SET')) {
    reader.accept('=')
    checkCharset(readWordOrString(reader))
  } else if (isDefault) throw reader.unexpected("'CHARSET'")
}

function readWordOrString(reader: TokenReader): string {
  return reader.peek().kind === 'string' ? reader.string() : reader.name()
}

function checkCharset(name: string): void {
  if (name.toLowerCase() !== 'utf8') throw analyzingError(`charset name ${name} is not supported yet`)
}
