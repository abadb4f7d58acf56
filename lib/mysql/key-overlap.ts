import { Failure } from '../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import { quoteName } from '../model/source-sql.js'
import type { SourceSession } from './session.js'

/** What the source says of the keys of tables that are to be rows of one target. */
export type KeyOverlap =
  /** No key is in two of them now. `grows`: each counts its keys up by itself (AUTO_INCREMENT), so nothing keeps it so. */
  | { readonly kind: 'apart'; readonly how: string; readonly grows: boolean }
  | { readonly kind: 'meet'; readonly tables: readonly [string, string]; readonly key: string }
  /** Too large to be looked at in the time given, or not comparable. */
  | { readonly kind: 'unproven'; readonly tables: readonly [string, string]; readonly reason: string }

export interface OverlapOptions {
  readonly mariadb: boolean
  /** How long all questions together may take. */
  readonly withinMs: number
}

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year'])
const STRINGS = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set'])
/** MySQL: ER_QUERY_TIMEOUT; MariaDB: ER_STATEMENT_TIMEOUT. */
const TIMED_OUT = new Set([3024, 1969])
/** Collations that cannot be compared. */
const MIXED_COLLATIONS = new Set([1267, 1271])

/**
 * Whether a key is in two of the tables now: by the ranges of their first key column where it is a whole number, else by a join
 * of each two whose ranges meet, until the time is over. Text counts as equal when its bytes are, as StarRocks compares keys.
 * Rejects with a Failure of the session.
 */
export async function findOverlap(
  session: Pick<SourceSession, 'query'>,
  tables: readonly TableSchema[],
  options: OverlapOptions,
): Promise<KeyOverlap> {
  const until = performance.now() + options.withinMs
  const ranges = await rangesOf(session, tables)
  const pairs = tables.flatMap((a, n) =>
    tables.slice(n + 1).flatMap((b, m) => (meet(ranges?.[n], ranges?.[n + 1 + m]) ? [[a, b] as const] : [])),
  )
  let unproven: KeyOverlap | null = null
  for (const [a, b] of pairs) {
    const found = await lookAt(session, a, b, options, until - performance.now())
    if (found === null) continue
    if (found.kind === 'meet') return found
    unproven ??= found
  }
  if (unproven !== null) return unproven
  const grows = (await countingTables(session, tables)) > 1
  const how = pairs.length === 0 ? 'the ranges of their keys do not meet' : 'each two were compared'
  return { kind: 'apart', how, grows }
}

type Range = { readonly least: bigint; readonly greatest: bigint } | 'empty'

/** Of the first key column of each table; null where it is no whole number. */
async function rangesOf(
  session: Pick<SourceSession, 'query'>,
  tables: readonly TableSchema[],
): Promise<readonly Range[] | null> {
  const firsts = tables.map(table => columnOf(table, 0))
  if (!firsts.every(column => INTEGERS.has(column.dataType))) return null
  const ranges: Range[] = []
  for (const [n, table] of tables.entries()) {
    const name = quoteName(firsts[n]!.name)
    const [row] = await session.query(`SELECT MIN(${name}) AS a, MAX(${name}) AS z FROM ${quoted(table)}`)
    ranges.push(row?.a == null || row.z == null ? 'empty' : { least: BigInt(row.a), greatest: BigInt(row.z) })
  }
  return ranges
}

function meet(a: Range | undefined, b: Range | undefined): boolean {
  if (a === undefined || b === undefined) return true
  return a !== 'empty' && b !== 'empty' && a.least <= b.greatest && b.least <= a.greatest
}

async function lookAt(
  session: Pick<SourceSession, 'query'>,
  a: TableSchema,
  b: TableSchema,
  { mariadb }: OverlapOptions,
  leftMs: number,
): Promise<KeyOverlap | null> {
  const tables = [tableName(a), tableName(b)] as const
  const unproven = (reason: string) => ({ kind: 'unproven', tables, reason }) as const
  for (const indexed of [true, false]) {
    if (leftMs <= 0) return unproven('the time for this question was over')
    try {
      const [row] = await session.query(joinOf(a, b, { mariadb, indexed, ms: Math.ceil(leftMs) }))
      return row === undefined ? null : { kind: 'meet', tables, key: row.k ?? '' }
    } catch (error) {
      const errno = (error as { readonly cause?: { readonly errno?: number } }).cause?.errno ?? 0
      if (TIMED_OUT.has(errno)) return unproven('they are too large to be compared in the time given')
      // Without the index each row is compared by its bytes alone, which every two collations can be.
      if (!MIXED_COLLATIONS.has(errno) || !indexed) throw error
    }
  }
  return unproven('their texts cannot be compared')
}

function joinOf(
  a: TableSchema,
  b: TableSchema,
  { mariadb, indexed, ms }: { readonly mariadb: boolean; readonly indexed: boolean; readonly ms: number },
): string {
  const same = a.key.map((_, n) => {
    const [left, right] = [columnOf(a, n), columnOf(b, n)]
    const [x, y] = [`a.${quoteName(left.name)}`, `b.${quoteName(right.name)}`]
    if (!STRINGS.has(left.dataType) && !STRINGS.has(right.dataType)) return `${x} = ${y}`
    const bytes = `CAST(CONVERT(${x} USING utf8mb4) AS BINARY) = CAST(CONVERT(${y} USING utf8mb4) AS BINARY)`
    return indexed ? `${x} = ${y} AND ${bytes}` : bytes
  })
  const key = `CONCAT_WS(', ', ${a.key.map((_, n) => `a.${quoteName(columnOf(a, n).name)}`).join(', ')})`
  const hint = mariadb ? '' : `/*+ MAX_EXECUTION_TIME(${ms}) */ `
  const select = `SELECT ${hint}${key} AS k FROM ${quoted(a)} a JOIN ${quoted(b)} b ON ${same.join(' AND ')} LIMIT 1`
  return mariadb ? `SET STATEMENT max_statement_time = ${(ms / 1000).toFixed(3)} FOR ${select}` : select
}

/** How many of the tables have an AUTO_INCREMENT key. */
async function countingTables(session: Pick<SourceSession, 'query'>, tables: readonly TableSchema[]): Promise<number> {
  let counting = 0
  for (const { schema, table, key } of tables) {
    const rows = await session.query(
      "SELECT COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND EXTRA LIKE '%auto_increment%'",
      [schema, table],
    )
    if (rows.some(({ c }) => c !== null && c !== undefined && key.includes(c))) counting++
  }
  return counting
}

/**
 * Of these tables the first that has a row with one of the keys now, and the key. `keys`: SQL literals, one for each key column.
 * Rejects with a Failure of the session.
 */
export async function findKeyNow(
  session: Pick<SourceSession, 'query'>,
  tables: readonly TableSchema[],
  keys: readonly (readonly string[])[],
): Promise<{ readonly table: TableSchema; readonly key: string } | null> {
  for (const table of tables) {
    const names = table.key.map(quoteName)
    const among =
      names.length === 1
        ? `${names[0]} IN (${keys.map(([only]) => only).join(', ')})`
        : keys.map(key => `(${key.map((literal, n) => `${names[n]} = ${literal}`).join(' AND ')})`).join(' OR ')
    const sql = `SELECT CONCAT_WS(', ', ${names.join(', ')}) AS k FROM ${quoted(table)} WHERE ${among} LIMIT 1`
    const [row] = await session.query(sql)
    if (row !== undefined) return { table, key: row.k ?? '' }
  }
  return null
}

function columnOf(table: TableSchema, n: number): SourceColumn {
  const column = table.columns.find(({ name }) => name === table.key[n])
  if (column === undefined) throw new Failure('internal', `${tableName(table)} has no key column ${table.key[n]}`)
  return column
}

function quoted({ schema, table }: TableSchema): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}
