import type { Load, PositionMark, TargetRequest } from '../dispatch/sink.js'
import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import type { TargetTable } from '../model/schema.js'
import { quoteIdentifier, quoteString, quoteTable } from './ddl.js'
import { isRefused, type Row, rowField, type Statements } from './starrocks-session.js'

/** The table that holds the marks, one in each target database, a row for each task. */
const POSITION_TABLE = '_sync_position'
/** Bytes a task's name may have in it. */
export const TASK_BYTES = 64

const COLUMNS: readonly (readonly [name: string, type: string, comment: string])[] = [
  ['task', `varchar(${TASK_BYTES})`, 'task of mysql-sr-sync whose position this is'],
  ['epoch', 'bigint', 'counts up with each transaction'],
  ['bin_name', 'varchar(255)', 'binlog file up to which the rows of this database are complete'],
  ['bin_pos', 'bigint', 'offset in bin_name'],
  ['gtid_set', 'varchar(1048576)', 'the same as a GTID set'],
  ['server_uuid', 'varchar(64)', 'source server of bin_name'],
  ['start_bin_name', 'varchar(255)', 'where the last transaction began'],
  ['start_bin_pos', 'bigint', ''],
  ['start_gtid_set', 'varchar(1048576)', ''],
  ['start_server_uuid', 'varchar(64)', ''],
  ['databases', 'varchar(65533)', 'JSON array: target databases of the epoch, in the order of their commits'],
  ['label', 'varchar(128)', 'the transaction that wrote this row'],
  ['applied_at', 'datetime', 'UTC'],
]

/** How `_sync_position` of a database is to be made. */
export function positionTable(database: string): TargetRequest {
  return {
    database,
    table: POSITION_TABLE,
    model: 'primary',
    columns: COLUMNS.map(([name, type, comment]) => ({ name, type, nullable: name !== 'task', comment })),
    key: ['task'],
    comment: 'Positions of mysql-sr-sync, written with the rows they belong to. Do not edit.',
    missingColumns: 'add',
  }
}

/** The load that writes a mark; `nowMs` is shown to people only. */
export function renderMark(mark: PositionMark, database: string, label: string, nowMs: number): Load {
  const { task, epoch, start, end } = mark
  const row = {
    task,
    epoch,
    bin_name: end.binName,
    bin_pos: end.binPos,
    gtid_set: end.gtidSet,
    server_uuid: end.serverUuid,
    start_bin_name: start.binName,
    start_bin_pos: start.binPos,
    start_gtid_set: start.gtidSet,
    start_server_uuid: start.serverUuid,
    databases: JSON.stringify(mark.databases),
    label,
    applied_at: new Date(nowMs).toISOString().slice(0, 23).replace('T', ' '),
  }
  return rowLoad(row, database, label)
}

/** A load that deletes the row of a task. */
export function renderMarkDeletion(task: string, database: string, label: string): Load {
  return rowLoad({ task, epoch: 0, __op: 1 }, database, label)
}

function rowLoad(row: Record<string, string | number>, database: string, label: string): Load {
  const body = Buffer.from(JSON.stringify([row]), 'utf8')
  return {
    label,
    target: { database, table: POSITION_TABLE, model: 'primary', columns: [], key: ['task'] } satisfies TargetTable,
    format: 'json',
    // `__op` of JSON rows is found without being named here.
    columns: COLUMNS.map(([name]) => quoteIdentifier(name)).join(','),
    body: [body],
    bytes: body.byteLength,
    rows: 1,
    columnSeparator: '',
    rowDelimiter: '',
  }
}

/** The task's marks by database; a database without one, or without the table, is absent. Failures: of the session, and positionUnreadable. */
export async function readMarks(
  session: Statements,
  databases: readonly string[],
  task: string,
): Promise<ReadonlyMap<string, PositionMark>> {
  const marks = new Map<string, PositionMark>()
  if (databases.length === 0) return marks
  await askLeader(session)
  for (const database of await withTable(session, databases)) {
    const table = { database, table: POSITION_TABLE }
    const rows = await session.query(`SELECT * FROM ${quoteTable(table)} WHERE task = ${quoteString(task)}`)
    if (rows[0] !== undefined) marks.set(database, readMark(rows[0], database))
  }
  return marks
}

/** Whether a mark was written by this transaction; asked where the state of its label is not known and nothing of it is in flight. */
export async function isMarked(session: Statements, database: string, label: string): Promise<boolean> {
  await askLeader(session)
  if ((await withTable(session, [database])).length === 0) return false
  const table = { database, table: POSITION_TABLE }
  const rows = await session.query(`SELECT task FROM ${quoteTable(table)} WHERE label = ${quoteString(label)}`)
  return rows.length > 0
}

/** Removes the task's mark from a database; one without it, or without the table, is left as it is. */
export async function removeMark(session: Statements, database: string, task: string): Promise<void> {
  if ((await withTable(session, [database])).length === 0) return
  const table = { database, table: POSITION_TABLE }
  await session.execute(`DELETE FROM ${quoteTable(table)} WHERE task = ${quoteString(task)}`)
}

/** A follower FE answers queries from its own copy, which may be behind a commit (variable of 2.5.20, 3.1.9, 3.2.7 and later). */
async function askLeader(session: Statements): Promise<void> {
  try {
    await session.execute(`SET follower_query_forward_mode = 'leader'`)
  } catch (error) {
    if (!isRefused(error)) throw error
  }
}

async function withTable(session: Statements, databases: readonly string[]): Promise<string[]> {
  const names = databases.map(quoteString).join(', ')
  const rows = await session.query(
    'SELECT TABLE_SCHEMA FROM information_schema.columns ' +
      `WHERE TABLE_NAME = ${quoteString(POSITION_TABLE)} AND COLUMN_NAME = "task" AND TABLE_SCHEMA IN (${names})`,
  )
  const having = new Set(rows.map(row => rowField(row, 'table_schema')))
  return databases.filter(database => having.has(database))
}

function readMark(row: Row, database: string): PositionMark {
  const fault = (column: string) =>
    new Failure('positionUnreadable', `${database}.${POSITION_TABLE}.${column} holds ${rowField(row, column)}`, {
      advice: `Write the value back, or DELETE the row and set bin_name and bin_pos in master.info by hand.`,
    })
  const text = (column: string): string => {
    const value = rowField(row, column)
    if (value === null) throw fault(column)
    return value
  }
  const number = (column: string): number => {
    const value = Number(text(column))
    if (!Number.isSafeInteger(value) || value < 0) throw fault(column)
    return value
  }
  const position = (prefix: '' | 'start_'): Position => ({
    binName: text(`${prefix}bin_name`),
    binPos: number(`${prefix}bin_pos`),
    gtidSet: text(`${prefix}gtid_set`),
    serverUuid: text(`${prefix}server_uuid`),
  })
  const databases = parseNames(text('databases'))
  if (databases === null) throw fault('databases')
  return { task: text('task'), epoch: number('epoch'), start: position('start_'), end: position(''), databases }
}

function parseNames(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every(name => typeof name === 'string') ? value : null
  } catch {
    // No JSON is no list either: the caller names the column.
    return null
  }
}
