import type { CopyReason, CopyRecord } from '../model/copy-record.js'
import { isSameTable, isUnfinished } from '../model/copy-record.js'
import { Failure } from '../model/failure.js'
import { tableName } from '../model/schema.js'

/** A table that the rules write somewhere. */
export interface RuledTable {
  readonly schema: string
  readonly table: string
  /** Names of its targets. */
  readonly targets: readonly string[]
  /** See `CopyRecord.key`. */
  readonly key: readonly string[]
  /** A row that comes twice counts twice in one of its targets. */
  readonly strict: boolean
}

/**
 * What is known of where the stream begins. `first`: nothing was known. `lost`: the position can no longer be read from.
 * `forgotten`: known by the targets alone, data_dir is new. `known`: an earlier run ended there. `ordered`: somebody wrote it.
 */
export type StartKind = 'first' | 'lost' | 'forgotten' | 'known' | 'ordered'

export interface StartFacts {
  readonly mode: 'initial' | 'when_needed' | 'never'
  readonly start: StartKind
  /** Whether there is a state of earlier runs, and what it says. */
  readonly stateKnown: boolean
  readonly records: readonly CopyRecord[]
  /** Tables that were there where the stream begins: others are made in the stream. */
  readonly tables: readonly RuledTable[]
  /** Whether the rules ask for a table that there may be or not. */
  readonly wanted: (schema: string, table: string) => boolean
  /** Ordinal of the newest epoch that is in the targets. */
  readonly epoch: number
  readonly nowMs: number
}

export interface StartList {
  /** Records that are new or changed. */
  readonly put: readonly CopyRecord[]
  readonly remove: readonly { readonly schema: string; readonly table: string }[]
  readonly warnings: readonly { readonly message: string; readonly advice: string }[]
}

/**
 * Which tables a run copies. A copy that was begun is ended, whatever the mode says by now: what it has not read yet is not
 * in the target. Throws snapshotUnfit where rows would be missing or be counted twice.
 */
export function listCopies(facts: StartFacts): StartList {
  const { mode, start, stateKnown, records, tables, nowMs } = facts
  if (mode === 'never' && !stateKnown) return { put: [], remove: [], warnings: [] }
  const put = (table: RuledTable, state: CopyRecord['state'], reason: CopyReason, deadRows = false): CopyRecord =>
    freshRecord(table, { state, reason, deadRows, nowMs })
  const unwanted = records.filter(({ schema, table }) => !facts.wanted(schema, table))
  if (start === 'first') {
    const state = mode === 'never' ? 'followed' : 'waiting'
    const left = records.filter(record => !tables.some(table => isSameTable(table, record)))
    const begun = tables.filter(t => records.some(record => isSameTable(record, t) && !isUntouched(record)))
    const twice = begun.filter(t => t.strict && mode !== 'never')
    if (twice.length > 0) throw countedTwice(twice)
    const reason = mode === 'never' ? 'before' : 'initial'
    return { put: tables.map(t => put(t, state, reason, begun.includes(t))), remove: left, warnings: [] }
  }
  if (start === 'lost') {
    const begun = tables.filter(t => t.strict && !isUntouched(records.find(record => isSameTable(record, t))))
    if (begun.length > 0) throw countedTwice(begun)
    return { put: tables.map(t => put(t, 'waiting', 'positionLost', !t.strict)), remove: unwanted, warnings: [] }
  }
  if (start === 'forgotten' && !stateKnown) {
    const strict = tables.filter(t => t.strict)
    const message = `data_dir is new, so it is not known whether ${strict.map(tableName).join(', ')} had been copied in full: they are taken for it.`
    const advice =
      'Compare their targets with the source; to copy them again, empty the targets and start with an empty data_dir and without rows in _sync_position.'
    return {
      put: tables.map(t => (t.strict ? put(t, 'followed', 'before') : put(t, 'waiting', 'initial', true))),
      remove: [],
      warnings: strict.length > 0 ? [{ message, advice }] : [],
    }
  }
  const fresh = tables.filter(t => !records.some(record => isSameTable(record, t)))
  const added = fresh.map(t =>
    stateKnown && mode !== 'never' ? put(t, 'waiting', 'added') : put(t, 'followed', 'before'),
  )
  const kept = start === 'ordered' ? counted(facts) : setBack(facts)
  const anew = otherKeys(facts).filter(record => !kept.some(one => isSameTable(one, record)))
  return { put: [...added, ...kept, ...anew], remove: unwanted, warnings: [] }
}

/** A copy from the beginning on. */
export function freshRecord(
  { schema, table, targets, key }: Omit<RuledTable, 'strict'>,
  about: Pick<CopyRecord, 'state' | 'reason' | 'deadRows'> & { readonly nowMs: number; readonly where?: string | null },
): CopyRecord {
  const { state, reason, deadRows, nowMs, where = null } = about
  const none = { frontier: null, rows: 0, bytes: 0, epoch: 0 }
  return { schema, table, state, reason, where, targets, key, ...none, deadRows, mode: null, sinceMs: nowMs }
}

/** Epochs count anew from here on. */
function counted({ records, epoch, wanted }: StartFacts): CopyRecord[] {
  const newer = records.filter(record => record.epoch > epoch && wanted(record.schema, record.table))
  return newer.map(record => ({ ...record, epoch }))
}

/** Copies of which newer epochs held rows than are in the targets: StarRocks was set back. */
function setBack({ records, tables, epoch, nowMs }: StartFacts): CopyRecord[] {
  const missing = tables.filter(t => records.some(record => isSameTable(record, t) && record.epoch > epoch))
  const strict = missing.filter(t => t.strict)
  if (strict.length > 0) throw countedTwice(strict)
  return missing.map(t => freshRecord(t, { state: 'waiting', reason: 'positionLost', deadRows: true, nowMs }))
}

/** Copies of which the frontier counts no more: the key was changed while the table was halted. */
function otherKeys({ records, tables, nowMs }: StartFacts): CopyRecord[] {
  const changed = tables.flatMap(table => {
    const record = records.find(one => isSameTable(one, table))
    const isOther = record !== undefined && JSON.stringify(record.key) !== JSON.stringify(table.key)
    return isOther && isUnfinished(record) && record.frontier !== null ? [{ table, record }] : []
  })
  return changed.map(({ table, record }) => copiedAnew(record, table, nowMs))
}

/** A copy that begins again, as its key is another by now. Throws snapshotUnfit where rows would be counted twice. */
export function copiedAnew({ reason, deadRows, where }: CopyRecord, table: RuledTable, nowMs: number): CopyRecord {
  if (!table.strict) return freshRecord(table, { state: 'waiting', reason, deadRows, nowMs, where })
  const targets = table.targets.join(', ')
  throw new Failure(
    'snapshotUnfit',
    `The key of ${tableName(table)} was changed while its rows were being copied into ${targets}, where rows that come twice are counted twice.`,
    {
      advice: `TRUNCATE TABLE ${targets} in StarRocks, remove ${tableName(table)} from data_dir/snapshot/state.json and start again: it is copied anew.`,
    },
  )
}

function countedTwice(tables: readonly RuledTable[]): Failure {
  const names = tables.map(tableName).join(', ')
  const targets = [...new Set(tables.flatMap(t => t.targets))].join(', ')
  return new Failure(
    'snapshotUnfit',
    `The changes of ${names} that were not read are lost, and copying them again would count rows twice in targets with mode = "append" or group_by.`,
    {
      advice: `TRUNCATE TABLE ${targets} in StarRocks, remove ${names} from data_dir/snapshot/state.json or the whole file together with master.info, and start again: they are copied anew.`,
    },
  )
}

/** Nothing of it can be in a target: all its changes were left to the copy. */
export function isUntouched(record: CopyRecord | undefined): boolean {
  return record !== undefined && isUnfinished(record) && record.frontier === null && record.rows === 0
}
