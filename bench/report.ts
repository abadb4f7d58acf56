import type { Freshness } from './freshness-form.js'
import type { Sample } from './sample.js'
import type { Soak } from './soak-form.js'
import type { StageBudget } from './stage-budget.js'

/** Who reads the binlog. */
export const READERS = [
  'atomic',
  'again',
  'labels',
  'start',
  'zongji',
  'raw',
  'duckdb',
  'whole',
  'whole to duckdb',
] as const
/**
 * atomic: the engine, delivery = "atomic"; again: the very same once more, as a control; labels: the engine, delivery = "labels";
 * start: the engine with nothing to read; zongji: zongji alone; raw: mysqlbinlog or mariadb-binlog --raw; duckdb: as atomic, to a
 * sink that keeps rows; whole: as atomic and duckdb, with collapse = "off".
 */
export type Reader = (typeof READERS)[number]

/** Samples of one part of a binlog: those of a reader in the order of the rounds. */
export interface PartReport {
  readonly name: string
  readonly rows: number
  readonly bytes: number
  readonly samples: Readonly<Partial<Record<Reader, readonly Sample[]>>>
}

export interface ServerReport {
  readonly server: string
  readonly parts: readonly PartReport[]
  readonly stages?: readonly StageBudget[]
  readonly freshness?: Freshness
  readonly soak?: Soak
}

/** What one run of the benchmark has found; the form of the files in bench/results. */
export interface Report {
  readonly format: 1
  readonly at: string
  /** Of the working copy; with "+" behind it when files differ from it. */
  readonly commit: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memory_mb: number
    readonly system: string
    /** One-minute load average before and after the run: what else the machine did. */
    readonly load_before: number
    readonly load_after: number
  }
  readonly versions: Readonly<Record<string, string>>
  readonly scale: number
  readonly rounds: number
  readonly servers: readonly ServerReport[]
}

/** Name of the part that holds all shapes of the mixed set. */
export const MIXED = 'mixed set'
