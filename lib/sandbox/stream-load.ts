import type { SandboxTable } from './catalog.js'
import { countPlainRows, stagePlainBody } from './csv-fast-path.js'
import { csvRows } from './csv-rows.js'
import type { RejectedRows } from './error-log.js'
import { jsonRows } from './json-rows.js'
import type { Labels, LoadTransaction } from './labels.js'
import { applyStaged } from './load-apply.js'
import { LoadError } from './load-error.js'
import { type LoadPlan, planLoad } from './load-plan.js'
import type { LoadRequest } from './load-request.js'
import { stageCells } from './load-staging.js'
import { type Cells, RowConverter, type RowCounts } from './row-converter.js'
import type { Store } from './store.js'
import { atLeast } from './version.js'

/** `duckdb` keeps rows; `count` splits bodies and counts their rows; `null` counts row delimiters. */
export type SandboxMode = 'duckdb' | 'count' | 'null'

/** Which CSV parser a load may use; `auto` takes the fast one for bodies it can prove plain. Tests fix it. */
export type ParserChoice = 'auto' | 'fast' | 'exact'

/** Bodies below this are parsed by the exact parser: the detour over a file costs more than it saves. */
const FAST_FROM_BYTES = 64 * 1024

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
  /** Which parser the last load used. */
  lastParser: 'fast' | 'exact' | 'none' = 'none'

  constructor(options: StreamLoadOptions, store: Store, labels: Labels) {
    this.#options = options
    this.#store = store
    this.#labels = labels
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
    for (;;) {
      const plan = this.plan(target.database, target.table, request)
      try {
        if (this.#options.mode !== 'duckdb') await this.#count(plan, request, body, transaction, counts)
        else await this.#write(plan, request, body, transaction, counts, rejected)
        return
      } catch (error) {
        if (!(error instanceof PlanStale)) throw error
      }
    }
  }

  /** `null` mode: rows were counted while they arrived. */
  async finishCounted(rows: number, transaction: LoadTransaction, counts: RowCounts): Promise<void> {
    counts.total = rows
    this.#checkQuality(null, counts)
    await this.#recordOnly(transaction)
  }

  async #write(
    plan: LoadPlan,
    request: LoadRequest,
    body: Buffer,
    transaction: LoadTransaction,
    counts: RowCounts,
    rejected: RejectedRows,
  ): Promise<void> {
    const mayBeFast =
      request.format === 'csv' &&
      (this.#options.parser === 'fast' || (this.#options.parser === 'auto' && body.length >= FAST_FROM_BYTES))
    const plainRows = mayBeFast ? countPlainRows(body, plan, request) : null
    await this.#store.write(async connection => {
      if (this.#table(plan.table.database, plan.table.name) !== plan.table) throw new PlanStale()
      await connection.run('BEGIN')
      counts.total = 0
      counts.filtered = 0
      this.lastParser = 'fast'
      if (plainRows !== null && (await stagePlainBody(connection, plan, request, body, plainRows))) {
        counts.total = plainRows
      } else {
        this.lastParser = 'exact'
        await connection.run('ROLLBACK')
        await connection.run('BEGIN')
        await stageCells(connection, plan, convertRows(body, plan, request, counts, rejected))
      }
      this.#checkQuality(request, counts)
      await applyStaged(connection, this.#store, plan)
      await connection.run('DROP TABLE temp.load_staged')
      await this.#labels.record(connection, transaction)
      await connection.run('COMMIT')
    })
  }

  async #count(
    plan: LoadPlan,
    request: LoadRequest,
    body: Buffer,
    transaction: LoadTransaction,
    counts: RowCounts,
  ): Promise<void> {
    counts.total = 0
    counts.filtered = 0
    for (const row of bodyRows(body, plan, request)) {
      counts.total++
      if ('reason' in row || row.fields.length !== plan.fields.length) counts.filtered++
    }
    this.#checkQuality(request, counts)
    await this.#recordOnly(transaction)
  }

  async #recordOnly(transaction: LoadTransaction): Promise<void> {
    await this.#store.write(async connection => {
      await connection.run('BEGIN')
      await this.#labels.record(connection, transaction)
      await connection.run('COMMIT')
    })
  }

  /** `filtered / total > max_filter_ratio` fails, and so does a load without a row left. */
  #checkQuality(request: LoadRequest | null, counts: RowCounts): void {
    if (counts.total > 0 && counts.filtered / counts.total > (request?.maxFilterRatio ?? 0)) {
      throw new LoadError('too many filtered rows')
    }
    if (counts.total === counts.filtered) throw new LoadError(emptyLoadText(this.#options.emulatedVersion))
  }

  #table(database: string, name: string): SandboxTable {
    if (!this.#store.catalog.hasDatabase(database)) throw new LoadError(`unknown database, database=${database}`)
    const table = this.#store.catalog.table(database, name)
    if (table === undefined) throw new LoadError(`unknown table "${database}.${name}"`)
    return table
  }
}

function bodyRows(body: Buffer, plan: LoadPlan, request: LoadRequest) {
  return request.format === 'csv' ? csvRows(body, request) : jsonRows(body, plan.fields, request.stripOuterArray)
}

function* convertRows(
  body: Buffer,
  plan: LoadPlan,
  request: LoadRequest,
  counts: RowCounts,
  rejected: RejectedRows,
): Generator<Cells> {
  const converter = new RowConverter(plan, request, counts, rejected)
  for (const row of bodyRows(body, plan, request)) {
    const cells = converter.convert(row)
    if (cells !== null) yield cells
  }
}

function emptyLoadText(version: string): string {
  if (!atLeast(version, '3.1')) return 'all partitions have no load data'
  if (!atLeast(version, '4.0')) {
    return 'No partitions have data available for loading. If you are sure there may be no data to be loaded, you can use `ADMIN SET FRONTEND CONFIG ("empty_load_as_error" = "false")` to ensure such load jobs can succeed'
  }
  return 'No rows were imported from upstream. Possible causes: the upstream has no data, or all rows were filtered out'
}
