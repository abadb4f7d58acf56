import type { Sink } from '../dispatch/sink.js'
import { type CopyRecord, isSameTable } from '../model/copy-record.js'
import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { tableName, targetName } from '../model/schema.js'
import { constantTexts } from '../rules/column-plan.js'
import type { MatchedRule, RuleBook } from '../rules/rule-book.js'
import { isUntouched } from './copy-list.js'

type TableId = Pick<CopyRecord, 'schema' | 'table'>

export interface FilledParts {
  readonly book: RuleBook
  readonly sink: Pick<Sink, 'holdsRows'>
  /** What is known of the copies before the new ones begin. */
  readonly records: readonly CopyRecord[]
  readonly observer: Observer
}

/**
 * Looks at the targets of copies that are about to begin, before anything of them is written down. Rejects with snapshotUnfit
 * where a target of mode `append` or `aggregate` has rows already that no table known to be in it explains: they would count
 * twice; and where a module makes the keys, since older rows could not be told. Several tables may share a target, one being copied after the other: then the rule's constants tell whose rows they
 * are, and where they do not, that is told. Rows in a target of mode `upsert` are written over; it is told that they are there.
 */
export async function refuseFilledTargets(begun: readonly CopyRecord[], parts: FilledParts): Promise<void> {
  const { book, sink, records, observer } = parts
  const fresh = begun.filter(isUntouched)
  const isFresh = (record: CopyRecord): boolean => fresh.some(one => isSameTable(one, record))
  // One that waits may have begun, and be in, by the time its target is asked.
  const present = records.filter(record => !isFresh(record))
  const filled: { readonly table: TableId; readonly target: string }[] = []
  const kept = new Set<string>()
  for (const table of fresh)
    for (const way of book.match(table.schema, table.table)) {
      const target = targetName(way)
      if (!table.targets.includes(target)) continue
      const others = present.filter(({ targets }) => targets.includes(target))
      if (way.rule.mode === 'upsert' && !ownsKeys(way.rule)) {
        const isMended = table.deadRows || table.reason === 'ordered' || others.length > 0
        if (!isMended && (await sink.holdsRows(way, []))) kept.add(target)
        continue
      }
      const constants = others.length === 0 ? [] : constantTexts(way.rule, table)
      const isTold = others.every(other => differs(way, table, other, book))
      if (!isTold) observer({ kind: 'warning', ...shared(table, target, others) })
      else if (await sink.holdsRows(way, constants)) filled.push({ table, target })
    }
  if (filled.length > 0) throw filledFailure(filled)
  if (kept.size > 0)
    observer({
      kind: 'warning',
      message: `${[...kept].join(', ')} had rows before the copy began: those that the source has are written over, others stay.`,
      advice:
        'mysql-sr-sync verify finds rows that are gone at the source, and --repair deletes them; with on_delete = "soft" they stay, since it is not known what they were last.',
    })
}

/** What a module made of rows that nobody read the changes of could not be found again by the rows of now. */
export function ownsKeys({ shape }: MatchedRule['rule']): boolean {
  return shape.transformKey.length > 0
}

/** Whether the constants of this table's rows are others than those of `other` in the same target. */
function differs(way: MatchedRule, table: TableId, other: TableId, book: RuleBook): boolean {
  const own = constantTexts(way.rule, table)
  const ways = book.match(other.schema, other.table).filter(one => targetName(one) === targetName(way))
  // Without a rule by now, what it wrote is not known.
  if (ways.length === 0) return false
  return ways.every(one => {
    const theirs = constantTexts(one.rule, other)
    return own.some(({ name, text }) => theirs.some(column => column.name === name && column.text !== text))
  })
}

function shared(table: TableId, target: string, others: readonly TableId[]): { message: string; advice: string } {
  return {
    message: `${tableName(table)} is copied into ${target}, where rows of ${others.map(tableName).join(', ')} are. Rows of ${tableName(table)} that an earlier run left there cannot be told from them and would count twice.`,
    advice: `Nothing needs to be done where ${tableName(table)} was never written there. Else: mysql-sr-sync recopy --truncate with all tables of ${target}. Constants in the rules, such as { shard = "$schema" }, make this certain.`,
  }
}

function filledFailure(filled: readonly { readonly table: TableId; readonly target: string }[]): Failure {
  const names = [...new Set(filled.map(({ table }) => tableName(table)))].join(', ')
  const targets = [...new Set(filled.map(({ target }) => target))].join(', ')
  return new Failure(
    'snapshotUnfit',
    `${names} would be copied into ${targets}, where rows are already: with mode = "append" or group_by they would count twice, and with transform_key older ones could not be told.`,
    {
      advice: `Where an earlier run copied them, bring its data_dir back. To copy anew: TRUNCATE TABLE ${targets} in StarRocks, and start or reload again. To follow without a copy: [snapshot] mode = "never", with a master.info that says up to where the rows are in.`,
    },
  )
}
