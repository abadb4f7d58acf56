import type { KeyChange } from '../config-change.js'
import type { TargetModel } from '../model/schema.js'
import type { SchemaFinding } from '../schema-report.js'
import type { TableChange } from '../table-changes.js'

/** What a configuration does with the tables that are there, rule by rule. */
export interface ExplainReport {
  /** In the order of the configuration. */
  readonly rules: readonly RuleReport[]
  /** Each once, whichever rules write it. */
  readonly targets: readonly TargetReport[]
  /** What keeps tables out, and what is worth knowing of the others. */
  readonly findings: readonly SchemaFinding[]
}

export interface RuleReport {
  /** The first rule has the number 1. */
  readonly number: number
  /** File and line. */
  readonly place: string
  /** As the operator writes them. */
  readonly source: string
  readonly mode: 'upsert' | 'partial' | 'append' | 'aggregate'
  /** Expression for the rows of the target; null: all rows. */
  readonly where: string | null
  readonly operations: readonly string[]
  readonly onDelete: string
  /** The module that makes the rows, as the operator names it; null: there is none. */
  readonly module: string | null
  readonly load: LoadReport
  /** Tables with the same target and the same columns stand together. Empty: no table of the source is the rule's. */
  readonly tables: readonly TablesReport[]
}

/** How loads are made. */
export interface LoadReport {
  readonly delivery: string
  readonly format: 'csv' | 'json'
  readonly flushIntervalMs: number
  readonly flushRows: number
  readonly flushBytes: number
  /** Further keys that are set, as the operator writes them. */
  readonly others: readonly string[]
}

/**
 * How whole rows go through. `bytes`: an event's rows as they are; `pieces`: runs of them, those of other rows are left out;
 * `extended`: each with the added values behind it; `module`: as values that a module makes other rows of.
 */
export type RowWay = 'bytes' | 'pieces' | 'extended' | 'module'

export interface TablesReport {
  /** "schema.table". */
  readonly sources: readonly string[]
  /** "database.table". */
  readonly target: string
  readonly way: RowWay
  readonly columns: readonly ColumnReport[]
  /** Columns of the source that are not in the target, with the keys of the rule that read them all the same. */
  readonly leftOut: readonly { readonly column: string; readonly readBy: readonly string[] }[]
  /** Of the first of the tables; empty when there are none, or none were asked for. */
  readonly samples: readonly SampleReport[]
  /** Why there are no samples. */
  readonly problem: string | null
}

/** Where the values of a target column come from. */
export type ColumnOrigin =
  | { readonly kind: 'column'; readonly column: string; readonly cast: string | null }
  | { readonly kind: 'mask'; readonly column: string; readonly mask: string }
  | { readonly kind: 'computed'; readonly expression: string }
  | { readonly kind: 'constant'; readonly text: string }
  /** `keeps`: which part of an average the column has; null: it has what the measure says. */
  | { readonly kind: 'measure'; readonly measure: string; readonly keeps: 'sum' | 'count' | null }
  | { readonly kind: 'softDelete'; readonly says: 'flag' | 'time' }
  | { readonly kind: 'change'; readonly says: string }
  | { readonly kind: 'before'; readonly column: string; readonly mask: string | null }
  | { readonly kind: 'added'; readonly by: string }

export interface ColumnReport {
  readonly name: string
  /** StarRocks type. */
  readonly type: string
  readonly isKey: boolean
  readonly origin: ColumnOrigin
  /** `bytes`: written from the bytes of the image; `decoded`: a value is read and another one written; `fixed`: the same in every row. */
  readonly way: 'bytes' | 'decoded' | 'fixed'
  /** Columns of the source that are decoded for it. */
  readonly reads: readonly string[]
  /** Keys of the rule that read its column besides: "where", "computed.total"; "transform": the module is shown it. */
  readonly readBy: readonly string[]
}

export interface TargetReport {
  readonly target: string
  readonly model: TargetModel
  /** Null: StarRocks was not asked. */
  readonly state: 'missing' | 'exists' | null
  /** What makes it where it is missing; null: StarRocks would refuse it, a finding says why. */
  readonly statement: string | null
  /** How an existing one is not as it would be made now, with what mends it. */
  readonly differences: readonly SchemaFinding[]
}

/** Names with the text of their values; null is NULL, `***` stands for what is not shown. */
export type ShownRow = Readonly<Record<string, string | null>>

/** One row of the source, and what is written of it. */
export interface SampleReport {
  readonly source: ShownRow
  /** What is written; more than one row, or none, where the rule makes that of it. */
  readonly written: readonly ShownRow[]
  /** Why nothing is written, or why the row stops the stream; null: it is written. */
  readonly why: string | null
}

/** Whether every table that the rules take can be written as they say. */
export function isCarriedOut({ rules, targets, findings }: ExplainReport): boolean {
  const judged = [...findings, ...targets.flatMap(({ differences }) => differences)]
  return (
    judged.every(({ level }) => level !== 'error') && rules.every(({ tables }) => tables.every(t => t.problem === null))
  )
}

/** What another configuration would change. */
export interface ChangeReport {
  /** `restart`: why it counts from the next start only; null: `reload` takes it. */
  readonly keys: readonly (KeyChange & { readonly restart: string | null })[]
  readonly tables: readonly TableChange[]
  /** Of the tables that come, go or change. */
  readonly ways: readonly WayChange[]
  /** Their targets, as they are beside what is wanted of them then. */
  readonly targets: readonly TargetReport[]
  readonly findings: readonly SchemaFinding[]
}

/** What changes on the way of some tables, which it changes for alike, into one target. */
export interface WayChange {
  readonly sources: readonly string[]
  readonly target: string
  /** Null: there is no such way. */
  readonly before: RowWay | null
  readonly after: RowWay | null
  /** Columns that come, go or are filled in another way. */
  readonly columns: readonly {
    readonly name: string
    readonly before: ColumnReport | null
    readonly after: ColumnReport | null
  }[]
  /** Rows of the first of the tables, with what is written of each before and after. */
  readonly samples: readonly {
    readonly before: SampleReport | null
    readonly after: SampleReport | null
  }[]
}
