import type { DuckDBConnection } from '@duckdb/node-api'
import { isKeyColumn, type SandboxColumn } from './catalog.js'
import { LoadError } from './load-error.js'
import type { LoadPlan } from './load-plan.js'
import type { StagedRows } from './load-staging.js'
import { mergeRows } from './row-merge.js'
import { quoteName, type Store } from './store.js'

/** Rows of an aggregate or unique key table with all of its columns, before they meet those it has. */
const UNMERGED = 'load_unmerged'
/** Rows of a conditional update that apply. */
const APPLICABLE = 'load_applicable'

/**
 * Puts the staged rows into the table, inside the caller's transaction: on a primary key table the last row of a key wins,
 * an `op` other than 0 deletes; a duplicate key table is appended to; on the others rows of one key become one, each column
 * by its function.
 */
export async function applyStaged(
  connection: DuckDBConnection,
  store: Store,
  plan: LoadPlan,
  staged: StagedRows,
): Promise<void> {
  const { table } = plan
  switch (table.model) {
    case 'primary':
      await upsert(connection, store, plan, staged)
      return
    case 'duplicate':
      await insert(connection, store, plan, `${staged.from} s`, c => store.defaultSql(table, c), '')
      return
    case 'aggregate':
    case 'unique': {
      const given = plan.loaded.map(({ column }, at) => `c${at} AS ${quoteName(column.name)}`)
      const added = plan.omitted.map(column => `${store.defaultSql(table, column)} AS ${quoteName(column.name)}`)
      const values = [...given, ...added].join(', ')
      await connection.run(`CREATE OR REPLACE TEMP TABLE ${UNMERGED} AS SELECT ${values} FROM ${staged.from}`)
      await mergeRows(connection, table, store.physicalName(table), UNMERGED)
      await connection.run(`DROP TABLE ${UNMERGED}`)
    }
  }
}

async function upsert(
  connection: DuckDBConnection,
  store: Store,
  plan: LoadPlan,
  { from: staged, distinctKeys }: StagedRows,
): Promise<void> {
  const { table, loaded } = plan
  const rows = store.physicalName(table)
  const keys = loaded
    .map((l, at) => ({ name: quoteName(l.column.name), cell: `c${at}`, isKey: isKeyColumn(table, l.column.name) }))
    .filter(k => k.isKey)
  const keyCells = keys.map(k => k.cell).join(', ')
  if (!distinctKeys) await keepLastOfEachKey(connection, staged, keyCells)
  const sameKey = keys.map(k => `t.${k.name} = s.${k.cell}`).join(' AND ')
  const from = plan.condition === null ? staged : await applicable(connection, plan, staged, rows, sameKey)
  const where = plan.operation === null ? '' : 'WHERE s.op = 0'
  if (plan.partialUpdate) {
    await keepOtherColumns(connection, store, plan, from, rows, sameKey)
    await connection.run(`DELETE FROM ${rows} t USING ${from} s WHERE ${sameKey}`)
    await insert(connection, store, plan, 'temp.load_merged s', (_, at) => `s.k${at}`, where)
    await connection.run('DROP TABLE temp.load_merged')
  } else {
    await connection.run(`DELETE FROM ${rows} t USING ${from} s WHERE ${sameKey}`)
    await insert(connection, store, plan, `${from} s`, c => store.defaultSql(table, c), where)
  }
}

/** Of a conditional update: rows with less than the stored value are as if they had not come. Deletes are refused (memtable.cpp). */
async function applicable(
  connection: DuckDBConnection,
  { condition, loaded, operation, table }: LoadPlan,
  from: string,
  rows: string,
  sameKey: string,
): Promise<string> {
  const name = condition!.name
  const cell = `c${loaded.findIndex(({ column }) => column === condition)}`
  if (operation !== null) {
    const deletes = await connection.runAndReadAll(`SELECT count(*) FROM ${from} WHERE op <> 0`)
    if (Number(deletes.getRows()[0]?.[0]) > 0)
      throw new LoadError(`memtable of tablet ${table.name} delete with condition column ${name}`)
  }
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${APPLICABLE} AS SELECT s.* FROM ${from} s WHERE NOT EXISTS (SELECT 1 FROM ${rows} t WHERE ${sameKey} AND s.${cell} < t.${quoteName(name)})`,
  )
  return APPLICABLE
}

async function keepLastOfEachKey(connection: DuckDBConnection, table: string, keyCells: string): Promise<void> {
  const distinct = keyCells.includes(',') ? `(${keyCells})` : keyCells
  const counted = await connection.runAndReadAll(`SELECT count(*) = count(DISTINCT ${distinct}) FROM ${table}`)
  if (counted.getRows()[0]?.[0] === true) return
  await connection.run(`DELETE FROM ${table} WHERE rowid NOT IN (SELECT max(rowid) FROM ${table} GROUP BY ${keyCells})`)
}

/** For a partial update: the staged rows with the columns the load does not name, from the stored row or their default. */
async function keepOtherColumns(
  connection: DuckDBConnection,
  store: Store,
  plan: LoadPlan,
  from: string,
  rows: string,
  sameKey: string,
): Promise<void> {
  const kept = plan.omitted.map(
    (c, at) =>
      `CASE WHEN t.rowid IS NULL THEN ${newRowValue(store, plan, c)} ELSE t.${quoteName(c.name)} END AS k${at}`,
  )
  await connection.run('DROP TABLE IF EXISTS temp.load_merged')
  await connection.run(
    `CREATE TEMP TABLE load_merged AS SELECT ${['s.*', ...kept].join(', ')} FROM ${from} s LEFT JOIN ${rows} t ON ${sameKey}`,
  )
}

/** A new key in a partial update gets the default; a NOT NULL column without one gets its type's zero, as StarRocks' append_default does. */
function newRowValue(store: Store, plan: LoadPlan, column: SandboxColumn): string {
  if (column.nullable || column.default !== null || column.autoIncrement) return store.defaultSql(plan.table, column)
  switch (column.type.base) {
    case 'char':
    case 'varchar':
      return "''"
    case 'varbinary':
      return `encode('')`
    case 'boolean':
      return 'false'
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'largeint':
    case 'float':
    case 'double':
    case 'decimal':
      return `CAST(0 AS ${store.duckType(column.type)})`
    default:
      throw new LoadError(
        `The sandbox has no value for column '${column.name}' (${column.type.text} NOT NULL without a default) of new keys in a partial update`,
      )
  }
}

async function insert(
  connection: DuckDBConnection,
  store: Store,
  plan: LoadPlan,
  from: string,
  omittedSql: (column: SandboxColumn, at: number) => string,
  where: string,
): Promise<void> {
  const names = [...plan.loaded.map(l => l.column), ...plan.omitted].map(c => quoteName(c.name))
  const values = [...plan.loaded.map((_, at) => `s.c${at}`), ...plan.omitted.map(omittedSql)]
  await connection.run(
    `INSERT INTO ${store.physicalName(plan.table)} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${from} ${where}`,
  )
}
