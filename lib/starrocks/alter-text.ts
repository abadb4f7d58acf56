import type { Doubt, RowTag, TargetFill, TargetStep } from '../model/target-change.js'
import { quoteIdentifier, quoteString, quoteTable, renderAddColumns, renderTruncate } from './ddl.js'

type TableRef = { readonly database: string; readonly table: string }

/** A column as MODIFY COLUMN must restate it: StarRocks takes what is left out for a change, and refuses that of a default. */
export interface RestatedColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  /** As information_schema prints it; null: none. */
  readonly defaultText: string | null
  readonly comment: string
  /** The function of a value column of an aggregate table. */
  readonly aggregate?: string
}

/** ALTER TABLE … ADD COLUMN: nullable, and with a default where the fill is legal as one. */
export function renderAddColumn(
  target: TableRef,
  column: { readonly name: string; readonly type: string; readonly comment: string },
  fill: TargetFill,
): string {
  if (fill.kind !== 'value' || !fill.asDefault) return renderAddColumns(target, [{ ...column, nullable: true }])
  // The checks of the name, and the clause without its comment, which stands behind the default.
  const clause = renderAddColumns(target, [{ ...column, nullable: true, comment: '' }])
  return `${clause} DEFAULT ${quoteString(fill.text)}${renderComment(column.comment)}`
}

/** ALTER TABLE … DROP COLUMN. */
export function renderDropColumn(target: TableRef, name: string): string {
  return `ALTER TABLE ${quoteTable(target)} DROP COLUMN ${quoteIdentifier(name)}`
}

/** ALTER TABLE … RENAME COLUMN (StarRocks 3.3.2 and newer). */
export function renderRenameColumn(target: TableRef, from: string, to: string): string {
  return `ALTER TABLE ${quoteTable(target)} RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`
}

/** ALTER TABLE … MODIFY COLUMN. */
export function renderModifyColumn(target: TableRef, column: RestatedColumn): string {
  const parts = [
    `ALTER TABLE ${quoteTable(target)} MODIFY COLUMN ${quoteIdentifier(column.name)} ${column.type.toUpperCase()}`,
    ...(column.aggregate === undefined ? [] : [column.aggregate.toUpperCase()]),
    column.nullable ? 'NULL' : 'NOT NULL',
    ...(column.defaultText === null ? [] : [`DEFAULT ${renderDefault(column.defaultText)}`]),
  ]
  return parts.join(' ') + renderComment(column.comment)
}

/** ALTER TABLE … MODIFY COLUMN … COMMENT: the comment alone, at once. */
export function renderCommentColumn(target: TableRef, name: string, comment: string): string {
  return `ALTER TABLE ${quoteTable(target)} MODIFY COLUMN ${quoteIdentifier(name)} COMMENT ${quoteString(comment)}`
}

/** ALTER TABLE … COMMENT. */
export function renderCommentTable(target: TableRef, comment: string): string {
  return `ALTER TABLE ${quoteTable(target)} COMMENT = ${quoteString(comment)}`
}

/** ALTER TABLE … RENAME, inside the table's database: StarRocks knows no other. */
export function renderRenameTable(database: string, from: string, to: string): string {
  return `ALTER TABLE ${quoteTable({ database, table: from })} RENAME ${quoteIdentifier(to)}`
}

/** DROP TABLE; the table can be recovered for a day (RECOVER TABLE). */
export function renderDropTable(target: TableRef): string {
  return `DROP TABLE ${quoteTable(target)}`
}

/** Seconds an UPDATE may take; StarRocks' own limit of five minutes is short for a large table. */
export const FILL_TIMEOUT = 'SET query_timeout = 600'

/**
 * UPDATE of one column in all rows of a PRIMARY KEY table. With a condition, since StarRocks refuses to update a whole table
 * without one.
 */
export function renderFill(target: TableRef, name: string, fill: TargetFill): string {
  return `UPDATE ${quoteTable(target)} SET ${quoteIdentifier(name)} = ${fillValue(fill)} WHERE TRUE`
}

/** The same in the rows of one source table. */
export function renderFillRows(target: TableRef, name: string, fill: TargetFill, rows: readonly RowTag[]): string {
  return `UPDATE ${quoteTable(target)} SET ${quoteIdentifier(name)} = ${fillValue(fill)} WHERE ${tagged(rows)}`
}

/** DELETE of the rows of one source table. */
export function renderDeleteRows(target: TableRef, rows: readonly RowTag[]): string {
  return `DELETE FROM ${quoteTable(target)} WHERE ${tagged(rows)}`
}

function tagged(rows: readonly RowTag[]): string {
  return rows.map(({ name, text }) => `${quoteIdentifier(name)} = ${quoteString(text)}`).join(' AND ')
}

/** A query that has a row when the column holds a doubtful value. */
export function renderDoubt(target: TableRef, name: string, doubt: Doubt): string {
  return `SELECT 1 AS found FROM ${quoteTable(target)} WHERE ${condition(quoteIdentifier(name), doubt)} LIMIT 1`
}

/** How an operator corrects the doubtful values. */
export function renderDoubtByHand(target: TableRef, name: string, doubt: Doubt): string {
  const column = quoteIdentifier(name)
  return `UPDATE ${quoteTable(target)} SET ${column} = … with the values of the source WHERE ${condition(column, doubt)}`
}

/** What an operator runs in place of a step, the target's defaults and comments unseen. */
export function renderByHand(target: TableRef, step: TargetStep): readonly string[] {
  switch (step.kind) {
    case 'renameTable':
      return [renderRenameTable(target.database, step.from, target.table)]
    case 'dropTable':
      return [renderDropTable(target)]
    case 'truncate':
      return [renderTruncate(target)]
    case 'deleteRows':
      return [renderDeleteRows(target, step.rows)]
    case 'fillRows':
      return [renderFillRows(target, step.name, step.fill, step.rows)]
    case 'renameColumn':
      return [renderRenameColumn(target, step.from, step.to)]
    case 'addColumn':
      return [renderAddColumn(target, step, step.fill), ...fillByHand(target, step.name, step.fill)]
    case 'dropColumn':
      return [renderDropColumn(target, step.name)]
    case 'modifyColumn':
      return [renderModifyColumn(target, { ...step, defaultText: null, comment: '' })]
    case 'commentColumn':
      return [renderCommentColumn(target, step.name, step.comment)]
    case 'commentTable':
      return [renderCommentTable(target, step.comment)]
    // What is missing of these is told by the target alone.
    case 'unite':
    case 'leaveColumn':
    case 'expectNone':
      return []
  }
}

function fillByHand(target: TableRef, name: string, fill: TargetFill): readonly string[] {
  if (fill.kind === 'unknown')
    return [`UPDATE ${quoteTable(target)} SET ${quoteIdentifier(name)} = … with the values of the source`]
  return fill.kind === 'value' && !fill.asDefault ? [renderFill(target, name, fill)] : []
}

function condition(column: string, doubt: Doubt): string {
  switch (doubt.kind) {
    case 'outside':
      return `${column} < ${doubt.low} OR ${column} > ${doubt.high}`
    case 'longerThan':
      return `${doubt.unit === 'bytes' ? 'LENGTH' : 'CHAR_LENGTH'}(${column}) > ${doubt.length}`
    case 'oneOf':
      return `${column} IN (${doubt.values.map(quoteString).join(', ')})`
    case 'isNull':
      return `${column} IS NULL`
    case 'notAscii':
      return `LENGTH(${column}) <> CHAR_LENGTH(${column})`
    case 'endsInSpace':
      return `RIGHT(${column}, 1) = " "`
  }
}

function fillValue(fill: TargetFill): string {
  if (fill.kind !== 'value') return 'NULL'
  switch (fill.form) {
    case 'plain':
      return quoteString(fill.text)
    case 'json':
      return `PARSE_JSON(${quoteString(fill.text)})`
    case 'base64':
      return `TO_BINARY(${quoteString(fill.text)}, "encode64")`
  }
}

function renderDefault(text: string): string {
  return /^(?:CURRENT_TIMESTAMP(?:\(\d\))?|uuid\(\)|uuid_numeric\(\))$/i.test(text)
    ? text.replace(/^uuid.*$/i, call => `(${call})`)
    : quoteString(text)
}

function renderComment(comment: string): string {
  return comment === '' ? '' : ` COMMENT ${quoteString(comment)}`
}
