import type { IncomingHttpHeaders } from 'node:http'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type BodyStager, countRows } from './body-staging.js'
import { columnOf, isKeyColumn } from './catalog.js'
import { RejectedRows } from './error-log.js'
import { applyStaged } from './load-apply.js'
import { LoadError } from './load-error.js'
import type { LoadPlan } from './load-plan.js'
import type { LoadRequest } from './load-request.js'
import type { RowCounts } from './row-converter.js'
import type { Store } from './store.js'

const NOTHING = Buffer.alloc(0)
let nextStaging = 1

/** What one transaction has loaded into one table: typed rows in a DuckDB table of their own, in the order they came. */
export class TransactionPart {
  readonly plan: LoadPlan
  /** What the first load asked for; all later ones must ask the same. */
  readonly request: LoadRequest
  /** The headers it was read from. */
  readonly headers: IncomingHttpHeaders
  readonly counts: RowCounts = { total: 0, filtered: 0 }
  readonly rejected = new RejectedRows()
  /** Bytes of all bodies. */
  loadBytes = 0
  /** Quoted DuckDB name of the staged rows; null before the first. */
  staging: string | null = null
  /** Why these rows can never be committed; null: nothing known. */
  failure: string | null = null
  /** Bytes behind the last row delimiter: bodies of CSV are one stream. */
  tail: Buffer = NOTHING
  /** A load is being taken. */
  isLoading = false

  constructor(plan: LoadPlan, request: LoadRequest, headers: IncomingHttpHeaders) {
    this.plan = plan
    this.request = request
    const { authorization: _, ...kept } = headers
    this.headers = kept
  }

  /** True when the headers of a further load ask for the same as the first one's. */
  repeats(request: LoadRequest): boolean {
    return JSON.stringify(request) === JSON.stringify(this.request)
  }
}

/**
 * Stages a body behind the rows the part has; without a stager it is only counted. Bad rows are counted; what fails the
 * whole body is noted as the part's failure. A row that a CSV body leaves unfinished goes on in the next body.
 */
export async function stageLoad(stager: BodyStager | null, part: TransactionPart, body: Buffer): Promise<void> {
  const whole = part.tail.length === 0 ? body : Buffer.concat([part.tail, body])
  const end = part.request.format === 'csv' ? endOfRows(whole, part.request.rowDelimiter) : whole.length
  part.tail = end === whole.length ? NOTHING : Buffer.from(whole.subarray(end))
  await stageRows(stager, part, whole.subarray(0, end))
}

/** Stages the row that no delimiter has ended. To be called when no body will follow. */
export async function stageTail(stager: BodyStager | null, part: TransactionPart): Promise<void> {
  const { tail } = part
  part.tail = NOTHING
  await stageRows(stager, part, tail)
}

async function stageRows(stager: BodyStager | null, part: TransactionPart, rows: Buffer): Promise<void> {
  if (rows.length === 0) return
  const counts = { total: 0, filtered: 0 }
  const rejected = new RejectedRows()
  try {
    if (stager === null) countRows(part.plan, part.request, rows, counts)
    else {
      let staging = ''
      await stager.stage(part.plan, part.request, rows, counts, rejected, async (connection, { from }) => {
        staging = part.staging ?? `temp."part_${nextStaging++}"`
        const intoNew = `CREATE TEMP TABLE ${staging} AS SELECT * FROM ${from}`
        await connection.run(part.staging === null ? intoNew : `INSERT INTO ${staging} SELECT * FROM ${from}`)
      })
      part.staging = staging
    }
  } catch (error) {
    if (!(error instanceof LoadError)) throw error
    part.failure ??= error.message
  }
  part.counts.total += counts.total
  part.counts.filtered += counts.filtered
  part.rejected.addAll(rejected)
}

function endOfRows(body: Buffer, delimiter: Buffer): number {
  const found = body.lastIndexOf(delimiter)
  return found < 0 ? 0 : found + delimiter.length
}

/** Puts the staged rows into their table and drops the staging, inside the caller's DuckDB transaction. */
export async function applyPart(connection: DuckDBConnection, store: Store, part: TransactionPart): Promise<void> {
  if (part.staging === null) return
  const plan = planNow(store, part.plan)
  await applyStaged(connection, store, plan, { from: part.staging, distinctKeys: false })
  await connection.run(`DROP TABLE ${part.staging}`)
}

/** Forgets the staged rows of parts; a load that is still being taken stages its rows anew, and they are to be dropped again. */
export async function dropStaging(store: Store, parts: readonly TransactionPart[]): Promise<void> {
  if (parts.every(part => part.staging === null)) return
  await store.write(async connection => {
    for (const part of parts) {
      if (part.staging !== null) await connection.run(`DROP TABLE IF EXISTS ${part.staging}`)
      part.staging = null
    }
  })
}

/** The plan for the table as it is by now: columns that came meanwhile get their default. Throws a LoadError when a loaded one is gone or changed. */
function planNow(store: Store, plan: LoadPlan): LoadPlan {
  const { database, name } = plan.table
  const table = store.catalog.table(database, name)
  if (table === plan.table) return plan
  if (table === undefined || table.id !== plan.table.id) throw new LoadError(`unknown table "${database}.${name}"`)
  const loaded = plan.loaded.map(planned => {
    const column = columnOf(table, planned.column.name)
    if (column === undefined || column.type.text !== planned.column.type.text) {
      throw new LoadError(`column ${planned.column.name} of table ${name} was changed while the transaction was open`)
    }
    return { ...planned, column, isKey: isKeyColumn(table, column.name) }
  })
  const omitted = table.columns.filter(c => c.generated === null && !loaded.some(l => l.column === c))
  return { ...plan, table, loaded, omitted }
}
