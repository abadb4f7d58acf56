import { setImmediate } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { countPlainRows, stagePlainBody } from './csv-fast-path.js'
import { csvRows } from './csv-rows.js'
import type { RejectedRows } from './error-log.js'
import { jsonRows } from './json-rows.js'
import type { LoadPlan } from './load-plan.js'
import type { LoadRequest } from './load-request.js'
import { STAGED, type StagedRows, stageCells, stageFewCells } from './load-staging.js'
import { type Cells, RowConverter, type RowCounts } from './row-converter.js'
import type { Store } from './store.js'

/** Which CSV parser a load may use; `auto` takes the fast one for bodies it can prove plain. Tests fix it. */
export type ParserChoice = 'auto' | 'fast' | 'exact'

/** Bodies below this are parsed by the exact parser: the detour over a file costs more than it saves. */
const FAST_FROM_BYTES = 64 * 1024
/** Bodies up to this are converted before the writer is taken; larger ones row by row into it, since all cells of one would not fit. */
const EARLY_BYTES = 4 * 1024 * 1024
/** Up to so many rows are put into the table straight from their texts. */
const FEW_ROWS = 2_000
const ROWS_PER_TURN = 2_000

/** Turns bodies into typed rows that SQL can read. */
export class BodyStager {
  readonly #store: Store
  readonly #parser: ParserChoice
  /** Which parser the last body was read by. */
  lastParser: 'fast' | 'exact' | 'none' = 'none'

  constructor(store: Store, parser: ParserChoice) {
    this.#store = store
    this.#parser = parser
  }

  /**
   * Stages one body and hands its rows to `use`, all inside one DuckDB transaction of the writer, which commits when `use`
   * has resolved. `counts` and `rejected` are begun anew and true also when it rejects; a LoadError fails the whole body.
   */
  async stage(
    plan: LoadPlan,
    request: LoadRequest,
    body: Buffer,
    counts: RowCounts,
    rejected: RejectedRows,
    use: (connection: DuckDBConnection, staged: StagedRows) => Promise<void>,
  ): Promise<void> {
    const mayBeFast =
      request.format === 'csv' &&
      (this.#parser === 'fast' || (this.#parser === 'auto' && body.length >= FAST_FROM_BYTES))
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
      await use(connection, staged)
      if (staged.from === STAGED) await connection.run(`DROP TABLE ${STAGED}`)
      await connection.run('COMMIT')
    })
  }
}

/** Splits a body and counts its rows into `counts`, begun anew; looks at no value. */
export function countRows(plan: LoadPlan, request: LoadRequest, body: Buffer, counts: RowCounts): void {
  counts.total = 0
  counts.filtered = 0
  for (const row of bodyRows(body, plan, request)) {
    counts.total++
    if ('reason' in row || row.fields.length !== plan.fields.length) counts.filtered++
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
