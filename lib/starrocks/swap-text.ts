import { Failure } from '../model/failure.js'
import { targetName } from '../model/schema.js'
import { quoteIdentifier, quoteString, quoteTable } from './ddl.js'

type TableRef = { readonly database: string; readonly table: string }

/** StarRocks' limit for the name of a table. */
const MAX_NAME_LENGTH = 1024
const MARK = '__copy_of__'

/** The table a target is copied into before it takes its place. `task`: who copies; no other task uses the name. */
export function shadowOf<T extends TableRef>(target: T, task: string): T {
  const table = `${task}${MARK}${target.table}`
  if (table.length <= MAX_NAME_LENGTH) return { ...target, table }
  throw new Failure('targetUnfit', `${targetName(target)}: the name leaves no room for ${task}${MARK} before it`, {
    advice: 'Give the rule a shorter sr_table.',
  })
}

/** Whether a table's name says that a copy of this task made it. */
export function isShadow(table: string, task: string): boolean {
  return table.startsWith(`${task}${MARK}`) && table.length > task.length + MARK.length
}

/** An empty table with the definition of another one: columns, key, partitions, buckets, sort key, properties. */
export function renderCreateLike(shadow: TableRef, target: TableRef): string {
  return `CREATE TABLE ${quoteTable(shadow)} LIKE ${quoteTable(target)}`
}

/** Exchanges the names of two tables of one database, at once and for all readers. */
export function renderSwap(target: TableRef, shadow: TableRef): string {
  return `ALTER TABLE ${quoteTable(target)} SWAP WITH ${quoteIdentifier(shadow.table)}`
}

/** `forGood`: without the day in StarRocks' recycle bin, from which RECOVER TABLE brings a table back. */
export function renderDropShadow(shadow: TableRef, forGood: boolean): string {
  return `DROP TABLE ${quoteTable(shadow)}${forGood ? ' FORCE' : ''}`
}

export function renderCount(table: TableRef): string {
  return `SELECT COUNT(*) AS n FROM ${quoteTable(table)}`
}

/** Names of the tables of a database. */
export function renderTableNames(database: string): string {
  return `SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA = ${quoteString(database)}`
}

/** The number that stays with a table under whatever name (releases before 3.0 do not tell it). */
export function renderTableId(table: TableRef): string {
  const where = `TABLE_SCHEMA = ${quoteString(table.database)} AND TABLE_NAME = ${quoteString(table.table)}`
  return `SELECT * FROM information_schema.tables_config WHERE ${where}`
}
