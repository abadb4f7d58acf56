import { setImmediate } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
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
import { STAGED, type StagedRows, stageCells, stageFewCells } from './load-staging.js'
import { type Cells, RowConverter, type RowCounts } from './row-converter.js'
import type { Store } from './store.js'
import { atLeast } from './version.js'

/** `duckdb` keeps rows; `count` splits bodies and counts their rows; `null` counts row delimiters. */
export type SandboxMode = 'duckdb' | 'count' | 'null'

/** Which CSV parser a load may use; `auto` takes the fast one for bodies it can prove plain. Tests fix it. */
export type ParserChoice = 'auto' | 'fast' | 'exact'

/** Bodies below this are parsed by the exact parser: the detour over a file costs more than it saves. */
const FAST_FROM_BYTES = 64 * 1024
/** Bodies up to this are converted before the writer is taken; larger ones row by row into it, since all cells of one would not fit. */
const EARLY_BYTES = 4 * 1024 * 1024
/** Up to so many rows are put into the table straight from their texts. */
const FEW_ROWS = 2_000
const ROWS_PER_TURN = 2_000

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
    counts.total = 0
    counts.filtered = 0
    rejected.clear()
    const early =
      plainRows === null && body.length <= EARLY_BYTES
        ? await collect(convertRows(body, plan, request, counts, rejected))
        : null
    const stageFast = async (connection: DuckDBConnection): Promise<StagedRows | null> => {
      if (plainRows === null || !(await stagePlainBody(connection, plan, request, body, plainRows))) return null
      counts.total = plainRows
      return { from: STAGED, distinctKeys: false }
    }
    const stageExactly = (connection: DuckDBConnection): Promise<StagedRows> => {
      if (early !== null && early.length <= FEW_ROWS) return stageFewCells(connection, plan, early)
      return stageCells(connection, plan, early ?? convertRows(body, plan, request, counts, rejected))
    }
    await this.#store.write(async connection => {
      if (this.#table(plan.table.database, plan.table.name) !== plan.table) throw new PlanStale()
      await connection.run('BEGIN')
      this.lastParser = 'fast'
      let staged = await stageFast(connection)
      if (staged === null) {
        this.lastParser = 'exact'
        if (plainRows !== null) {
          // The refused statement has spoilt the transaction.
          await connection.run('ROLLBACK')
          await connection.run('BEGIN')
        }
        staged = await stageExactly(connection)
      }
      this.#checkQuality(request, counts)
      await applyStaged(connection, this.#store, plan, staged)
      if (staged.from === STAGED) await connection.run(`DROP TABLE ${STAGED}`)
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

/** All of the rows; other work runs in between. */
async function collect(rows: Iterable<Cells>): Promise<Cells[]> {
  const all: Cells[] = []
  for (const cells of rows) {
    all.push(cells)
    if (all.length % ROWS_PER_TURN === 0) await setImmediate()
  }
  return all
}

function emptyLoadText(version: string): string {
  if (!atLeast(version, '3.1')) return 'all partitions have no load data'
  if (!atLeast(version, '4.0')) {
    return 'No partitions have data available for loading. If you are sure there may be no data to be loaded, you can use `ADMIN SET FRONTEND CONFIG ("empty_load_as_error" = "false")` to ensure such load jobs can succeed'
  }
  return 'No rows were imported from upstream. Possible causes: the upstream has no data, or all rows were filtered out'
}
