import { createHash } from 'node:crypto'
import type { DeadLetter } from '../model/dead-letter.js'
import { Failure } from '../model/failure.js'
import { type TargetTable, targetName } from '../model/schema.js'
import { separatorBytes } from '../starrocks/load-body.js'
import { columnNames } from './columns-header.js'
import type { Route } from './route.js'
import type { RowOrigin } from './row-trace.js'
import type { Load } from './sink.js'

type Frame = Pick<Load, 'target' | 'format' | 'columns' | 'partial' | 'columnSeparator' | 'rowDelimiter'>

/** What is parked of one row: `row` is its own bytes in the load's body. */
export function composeLetter(
  load: Frame,
  mode: Route['mode'],
  row: Buffer,
  origin: RowOrigin,
  refusal: { readonly reason: string; readonly atMs: number; readonly server: string },
): DeadLetter {
  const { target, format, columns, partial, columnSeparator, rowDelimiter } = load
  const { source, rule, op, place, commitMs, keyHash, before, after } = origin
  const { database, table, model, key } = target
  return {
    id: letterId({
      ...origin,
      server: refusal.server,
      target: targetName(target),
      ...(origin.isMade ? { part: createHash('sha256').update(row).digest('hex') } : {}),
    }),
    ...refusal,
    source,
    target: targetName(target),
    rule,
    mode,
    op,
    place,
    commitMs,
    key: rowKey(load, row),
    keyHash,
    before,
    after,
    load: {
      ...{ database, table, model, key, format, columns, columnSeparator, rowDelimiter, row },
      ...(partial === true ? { partial } : {}),
    },
  }
}

/** The commit time tells apart what a server wrote under the same name and offset before its binlog was reset. */
export function letterId(
  row: Pick<RowOrigin, 'source' | 'rule' | 'op' | 'place' | 'commitMs'> & {
    readonly server: string
    readonly target: string
    /** Digest of the row, where several may be of one change; absent: this is the only one. */
    readonly part?: string
  },
): string {
  const { binName, binPos, event, takesAway } = row.place
  const parts = [
    row.server,
    binName,
    binPos,
    event,
    row.place.row,
    takesAway,
    row.commitMs,
    row.source,
    row.target,
    row.rule,
    ...(row.part === undefined ? [] : [row.part]),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** Text of the target's key columns as a row of a load body has it; null for NULL. Throws Failure internal when the row lacks one. */
export function rowKey(load: Frame, row: Buffer): Record<string, string | null> {
  const fields = load.format === 'csv' ? csvFields(load, row) : jsonFields(row)
  return Object.fromEntries(
    load.target.key.map(name => {
      const text = fields.get(name.toLowerCase())
      if (text === undefined) throw lacks(load.target, name)
      return [name, text]
    }),
  )
}

function csvFields(load: Frame, row: Buffer): Map<string, string | null> {
  const separator = Buffer.from(separatorBytes(load.columnSeparator))
  const end = row.length - separatorBytes(load.rowDelimiter).length
  const fields = new Map<string, string | null>()
  let from = 0
  for (const name of columnNames(load.columns)) {
    const at = row.indexOf(separator, from)
    const to = at < 0 || at > end ? end : at
    const text = row.toString('utf8', from, to)
    fields.set(name.toLowerCase(), text === '\\N' ? null : text)
    from = to + separator.length
  }
  return fields
}

function jsonFields(row: Buffer): Map<string, string | null> {
  const values = JSON.parse(row.toString()) as Record<string, unknown>
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name.toLowerCase(),
      value === null || typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

function lacks(target: TargetTable, name: string): Failure {
  return new Failure('internal', `A row for ${targetName(target)} carries no field for its key column ${name}.`)
}
