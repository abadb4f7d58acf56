import { type CopyRecord, isUnfinished } from '../model/copy-record.js'
import type { NamedChange, TableChange } from '../model/schema-change.js'
import { copiedAnew, freshRecord, type RuledTable } from './copy-list.js'

export interface ChangeFacts {
  /** Null: nothing is known of a table of this name. */
  readonly find: (schema: string, table: string) => CopyRecord | null
  /** What the rules make of a table as it is now; null: nothing. */
  readonly describe: (schema: TableChange['after']) => RuledTable | null
  /** Targets are renamed with their tables. */
  readonly renamesTargets: boolean
  readonly nowMs: number
}

export interface RecordEdit {
  readonly put: readonly CopyRecord[]
  readonly remove: readonly { readonly schema: string; readonly table: string }[]
}

/**
 * What a DDL statement that was followed makes of the copies. The same when it is asked again behind a crash.
 * Throws snapshotUnfit where the rest of a table can no longer be told from what was copied.
 */
export function recordsBehind({ names, change }: NamedChange, facts: ChangeFacts): RecordEdit {
  const first = names[0]
  if (first === undefined) return { put: [], remove: [] }
  const record = facts.find(first.schema, first.table)
  const described = change.after === null ? null : facts.describe(change.after)
  switch (change.kind) {
    case 'create':
      if (described === null) return { put: [], remove: record === null ? [] : [first] }
      return { put: [followed(described, facts.nowMs)], remove: [] }
    case 'drop':
      return { put: [], remove: record === null ? [] : [first] }
    case 'rename':
      return renamed(first, record, described, facts)
    case 'alter':
      return { put: altered(record, described, facts), remove: [] }
    case 'truncate':
      return { put: [], remove: [] }
  }
}

function altered(record: CopyRecord | null, described: RuledTable | null, { nowMs }: ChangeFacts): CopyRecord[] {
  if (record === null || described === null) return []
  const { targets, key } = described
  const sameKey = JSON.stringify(key) === JSON.stringify(record.key)
  if (sameKey || !isUnfinished(record) || record.frontier === null) return [{ ...record, targets, key }]
  return [copiedAnew(record, described, nowMs)]
}

function renamed(
  from: { readonly schema: string; readonly table: string },
  record: CopyRecord | null,
  described: RuledTable | null,
  facts: ChangeFacts,
): RecordEdit {
  if (described === null) return { put: [], remove: record === null ? [] : [from] }
  const { schema, table, targets } = described
  // Asked again behind a crash: it has its new name already.
  if (record === null && facts.find(schema, table) !== null) return { put: [], remove: [] }
  const isOther = schema !== from.schema || table !== from.table
  const remove = record !== null && isOther ? [from] : []
  const sameTargets = record !== null && JSON.stringify(record.targets) === JSON.stringify(targets)
  if (record !== null && (facts.renamesTargets || sameTargets))
    return { put: [{ ...record, schema, table, targets }], remove }
  return {
    put: [freshRecord(described, { state: 'waiting', reason: 'renamed', deadRows: false, nowMs: facts.nowMs })],
    remove,
  }
}

function followed(described: RuledTable, nowMs: number): CopyRecord {
  return freshRecord(described, { state: 'followed', reason: 'created', deadRows: false, nowMs })
}
