import type { Finding } from './model/finding.js'
import type { TableFit } from './mysql/fit-query.js'

/** A finding about one table or target, with numbers where there are any. */
export interface SchemaFinding extends Finding {
  /** "schema.table" of the source, or "database.table" of the target. */
  readonly table?: string
  readonly column?: string
  /** How many rows have it. */
  readonly rows?: number
  /** The key of the worst of them. */
  readonly worstKey?: string
}

/** What was measured of one source table for one target. */
export interface FitReport {
  readonly table: string
  readonly target: string
  /** At most so many rows were looked at; null: all. */
  readonly sample: number | null
  readonly ms: number
  readonly fit: TableFit
}

/** One target with the statement that makes it. */
export interface TargetReport {
  readonly target: string
  readonly database: string
  /** Numbers of its rules. */
  readonly rules: readonly number[]
  readonly sources: readonly string[]
  /** CREATE TABLE, without a semicolon; null when StarRocks could not have it: a finding says why. */
  readonly statement: string | null
  /** Null: not looked at. */
  readonly state: 'missing' | 'created' | 'exists' | null
}

export interface SchemaReport {
  /** Numbers of all rules, also of those no table matches. */
  readonly rules: readonly number[]
  readonly targets: readonly TargetReport[]
  readonly fits: readonly FitReport[]
  readonly findings: readonly SchemaFinding[]
}
