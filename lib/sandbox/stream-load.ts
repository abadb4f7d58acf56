import { BodyStager, countRows, type ParserChoice } from './body-staging.js'
import type { SandboxTable } from './catalog.js'
import type { RejectedRows } from './error-log.js'
import type { Labels, LoadTransaction } from './labels.js'
import { applyStaged } from './load-apply.js'
import { LoadError } from './load-error.js'
import { type LoadPlan, planLoad } from './load-plan.js'
import type { LoadRequest } from './load-request.js'
import type { RowCounts } from './row-converter.js'
import type { Store } from './store.js'
import { stageLoad, stageTail, type TransactionPart } from './transaction-part.js'
import { has } from './version.js'

/** `duckdb` keeps rows; `count` splits bodies and counts their rows; `null` counts row delimiters. */
export type SandboxMode = 'duckdb' | 'count' | 'null'

export interface StreamLoadOptions {
  readonly mode: SandboxMode
  readonly emulatedVersion: string
  readonly parser: ParserChoice
}

/** Thrown inside a write when the table was altered since the load was planned. */
class PlanStale extends Error {}

/**
 * Loads one body into one table: parsing, quality check, rows and label in one DuckDB transaction. Counts go to `counts`, which is true
 * also when it throws a LoadError; then nothing was changed and the label is the caller's to abort.
 */
export class StreamLoader {
  readonly #store: Store
  readonly #labels: Labels
  readonly #options: StreamLoadOptions
  readonly #stager: BodyStager

  constructor(options: StreamLoadOptions, store: Store, labels: Labels) {
    this.#options = options
    this.#store = store
    this.#labels = labels
    this.#stager = new BodyStager(store, options.parser)
  }

  /** Which parser the last load used. */
  get lastParser(): 'fast' | 'exact' | 'none' {
    return this.#stager.lastParser
  }

  /** The plan of a load as it would be made now. Throws a LoadError when the table or its columns do not fit. */
  plan(database: string, tableName: string, request: LoadRequest): LoadPlan {
    return planLoad(request, this.#table(database, tableName))
  }

  async load(
    target: { readonly database: string; readonly table: string },
    request: LoadRequest,
    body: Buffer,
    transaction: LoadTransaction,
    counts: RowCounts,
    rejected: RejectedRows,
  ): Promise<void> {
    if (this.#options.mode !== 'duckdb') {
      countRows(this.plan(target.database, target.table, request), request, body, counts)
      this.checkQuality(request, counts)
      await this.#recordOnly(transaction)
      return
    }
    for (;;) {
      const plan = this.plan(target.database, target.table, request)
      try {
        await this.#stager.stage(plan, request, body, counts, rejected, async (connection, staged) => {
          if (this.#table(target.database, target.table) !== plan.table) throw new PlanStale()
          this.checkQuality(request, counts)
          await applyStaged(connection, this.#store, plan, staged)
          await this.#labels.record(connection, transaction)
        })
        return
      } catch (error) {
        if (!(error instanceof PlanStale)) throw error
      }
    }
  }

  /** Puts a body's rows behind those the part has; what is wrong with them is noted in the part and judged at its commit. */
  async loadPart(part: TransactionPart, body: Buffer): Promise<void> {
    await stageLoad(this.#options.mode === 'duckdb' ? this.#stager : null, part, body)
  }

  /** The verdict on a part to which nothing will be added: a LoadError when its rows cannot be committed. */
  async judgePart(part: TransactionPart): Promise<void> {
    await stageTail(this.#options.mode === 'duckdb' ? this.#stager : null, part)
    if (part.failure !== null) throw new LoadError(part.failure)
    this.checkQuality(part.request, part.counts)
  }

  /** `null` mode: rows were counted while they arrived. */
  async finishCounted(rows: number, transaction: LoadTransaction, counts: RowCounts): Promise<void> {
    counts.total = rows
    this.checkQuality(null, counts)
    await this.#recordOnly(transaction)
  }

  /** Throws a LoadError when `filtered / total` is over `max_filter_ratio`, or no row is left. */
  checkQuality(request: LoadRequest | null, counts: RowCounts): void {
    if (counts.total > 0 && counts.filtered / counts.total > (request?.maxFilterRatio ?? 0)) {
      throw new LoadError('too many filtered rows')
    }
    if (counts.total === counts.filtered) throw new LoadError(emptyLoadText(this.#options.emulatedVersion))
  }

  async #recordOnly(transaction: LoadTransaction): Promise<void> {
    await this.#store.write(async connection => {
      await connection.run('BEGIN')
      await this.#labels.record(connection, transaction)
      await connection.run('COMMIT')
    })
  }

  #table(database: string, name: string): SandboxTable {
    if (!this.#store.catalog.hasDatabase(database)) throw new LoadError(`unknown database, database=${database}`)
    const table = this.#store.catalog.table(database, name)
    if (table === undefined) throw new LoadError(`unknown table "${database}.${name}"`)
    return table
  }
}

function emptyLoadText(version: string): string {
  if (!has(version, 'emptyLoadAdvice')) return 'all partitions have no load data'
  if (!has(version, 'emptyLoadCauses')) {
    return 'No partitions have data available for loading. If you are sure there may be no data to be loaded, you can use `ADMIN SET FRONTEND CONFIG ("empty_load_as_error" = "false")` to ensure such load jobs can succeed'
  }
  return 'No rows were imported from upstream. Possible causes: the upstream has no data, or all rows were filtered out'
}
