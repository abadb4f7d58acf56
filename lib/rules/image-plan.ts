import type { BoundColumn } from '../binlog/bound-column.js'
import type { RowLayout } from '../binlog/row-layout.js'
import { wireValue } from '../binlog/wire-value.js'
import type { RouteMode } from '../model/rule-mode.js'
import type { SourceColumn, TargetTable } from '../model/schema.js'
import { fillerText } from '../starrocks/target-type.js'
import type { TargetField } from './target-fit.js'

export type RowOp = 'insert' | 'update' | 'delete'

/** What stands in a row for a column of the table that its images do not have; see `RowLayout.literals`. */
interface Literal {
  readonly column: number
  readonly text: string | null
  readonly before: number
}

/** What decides how the images of a table that leave columns out become rows of a target. */
export interface ImageFacts {
  readonly mode: RouteMode
  readonly target: TargetTable
  readonly columns: readonly BoundColumn[]
  /** The table's own description of its columns, in the same order. */
  readonly source: readonly SourceColumn[]
  readonly fields: readonly TargetField[]
  /** Indexes of the columns that are the target's key. */
  readonly key: readonly number[]
  readonly measures: RowLayout['measures']
  /** Updates log every generated column that changed: MySQL does, MariaDB does not. */
  readonly generatedLogged: boolean
}

/** One kind of row that is made of such images: of which columns, and what stands in place of the others. */
export interface ImagePart {
  /** Indexes of the table's columns that its images have, in table order. */
  readonly columns: readonly number[]
  readonly literals: readonly Literal[]
}

export interface ImagePlan {
  /** Rows that delete a key, or take away from sums; null: the operation has no before image. */
  readonly before: ImagePart | null
  /** Rows to be written; null: a delete. An update's are merged of both images. */
  readonly after: ImagePart | null
  /** Of an INSERT, which names no value for them: key columns, in table order, as an image holds their defaults. */
  readonly keyDefaults: readonly { readonly column: number; readonly bytes: Buffer }[]
  /** The rows to be written lack columns of the target: those keep the value they have there. */
  readonly partial: boolean
}

/** Why images without these columns cannot become rows; names the column. */
export class ImageProblem extends Error {
  readonly advice: string | null

  constructor(reason: string, advice: string | null = null) {
    super(reason)
    this.name = 'ImageProblem'
    this.advice = advice
  }
}

/**
 * What the columns that images have make possible. `first` and `second`: indexes of the columns of the first and the second
 * image, equal where there is one only. Throws ImageProblem when a value that is needed cannot be known.
 *
 * What is absent, as MySQL 9.7 and MariaDB 10.11 write it: of an INSERT columns it names no value for, which hold their
 * default; of an UPDATE's before image all but the key, of its after image what did not change; of a DELETE all but the key.
 * NOBLOB leaves out BLOB and TEXT only, by the same rules. Where a table has neither primary key nor a unique key over NOT
 * NULL columns, before images are whole.
 */
export function planImages(
  facts: ImageFacts,
  op: RowOp,
  first: readonly number[],
  second: readonly number[],
): ImagePlan {
  const needed = facts.columns
    .map((_, i) => i)
    .filter(i => facts.fields[i] != null || facts.key.includes(i) || facts.measures.some(m => m.column === i))
  const lacks = (has: readonly number[]) => needed.filter(i => !has.includes(i))
  switch (op) {
    case 'insert': {
      const keyDefaults = lacks(first).flatMap(i => (facts.key.includes(i) ? [keyDefault(facts, i)] : []))
      const has = [...first, ...keyDefaults.map(({ column }) => column)].sort((a, b) => a - b)
      const after = { columns: has, literals: defaults(facts, lacks(has), has) }
      return { before: null, after, keyDefaults, partial: false }
    }
    case 'delete':
      if (facts.mode !== 'upsert') refuseGaps(facts, lacks(first), 'a deleted row')
      requireKey(facts, first)
      return {
        before: { columns: first, literals: fillers(facts, lacks(first), first) },
        after: null,
        keyDefaults: [],
        partial: false,
      }
    case 'update': {
      const merged = facts.columns.map((_, i) => i).filter(i => first.includes(i) || second.includes(i))
      const stale = facts.generatedLogged ? [] : needed.filter(i => isGenerated(facts, i) && !second.includes(i))
      if (stale.length > 0)
        throw problem(facts, stale[0]!, 'is computed by the server, which does not log its new value')
      const gaps = lacks(merged)
      if (facts.mode !== 'upsert') refuseGaps(facts, gaps, 'an updated row')
      if (facts.mode === 'aggregate') refuseGaps(facts, lacks(first), 'the row before an update')
      requireKey(facts, first)
      return {
        before: { columns: first, literals: fillers(facts, lacks(first), first) },
        after: { columns: merged, literals: [] },
        keyDefaults: [],
        partial: gaps.length > 0,
      }
    }
  }
}

function isGenerated({ source }: ImageFacts, i: number): boolean {
  return source[i]?.generated !== undefined
}

function refuseGaps(facts: ImageFacts, gaps: readonly number[], what: string): void {
  if (gaps.length > 0) throw problem(facts, gaps[0]!, `is needed of ${what} by mode = "${facts.mode}"`)
}

/** The before image is where a key's row is found. */
function requireKey(facts: ImageFacts, has: readonly number[]): void {
  const absent = facts.key.find(i => !has.includes(i))
  if (facts.mode !== 'upsert' || absent === undefined) return
  throw problem(facts, absent, `is key of ${facts.target.database}.${facts.target.table}`)
}

function defaults(facts: ImageFacts, absent: readonly number[], has: readonly number[]): Literal[] {
  return absent.map(i => {
    const field = facts.fields[i]
    if (field == null) throw problem(facts, i, 'is summed')
    if (isGenerated(facts, i)) throw problem(facts, i, 'is computed by the server, which does not log its value')
    const fill = facts.source[i]?.defaultValue ?? { kind: 'unknown', reason: 'has no default that is known' }
    if (fill.kind === 'unknown') throw problem(facts, i, fill.reason)
    const text = fill.kind === 'null' ? null : field.form === 'base64' ? base64(fill.text) : fill.text
    return { column: i, text, before: ordinal(i, has) }
  })
}

/** Rows are put in lanes by the bytes of their keys, so the default of a key column goes into the image itself. */
function keyDefault(facts: ImageFacts, i: number): ImagePlan['keyDefaults'][number] {
  const fill = facts.source[i]?.defaultValue
  const bytes = fill?.kind === 'text' ? wireValue(facts.columns[i]!, fill.text) : null
  if (bytes === null) throw problem(facts, i, 'is key of the target, with a default that cannot be written into a key')
  return { column: i, bytes }
}

/** StarRocks judges all values of a row that it deletes, and stores none of them. */
function fillers(facts: ImageFacts, absent: readonly number[], has: readonly number[]): Literal[] {
  return absent.flatMap(i => {
    const field = facts.fields[i]
    const column = facts.target.columns.find(c => c.name === field?.name)
    if (field == null || column === undefined) return []
    return [{ column: i, text: column.nullable ? null : fillerText(column.type), before: ordinal(i, has) }]
  })
}

/** Where column `i` would stand among those that are there. */
function ordinal(i: number, has: readonly number[]): number {
  return has.filter(other => other < i).length
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function problem({ columns }: ImageFacts, i: number, reason: string): ImageProblem {
  const { name } = columns[i]!
  return new ImageProblem(
    `column ${name} is not in the row image, and it ${reason}`,
    `Or leave it out with exclude = ["${name}"] in the rule.`,
  )
}
