import { setTimeout as delay } from 'node:timers/promises'
import type { TargetRequest } from '../dispatch/sink.js'
import { asFailure, Failure } from '../model/failure.js'
import { type TargetTable, targetName } from '../model/schema.js'
import {
  quoteIdentifier,
  quoteString,
  renderAddColumns,
  renderCreateDatabase,
  renderCreateTable,
  type TableLayout,
} from './ddl.js'
import { isRefused, rowField, type Statements } from './starrocks-session.js'
import { readTarget } from './target-catalog.js'
import { addColumnsRemedy, checkTarget, missingColumns, missingFault } from './target-check.js'

export interface TargetMakerOptions {
  /** Whether missing databases and tables may be created. */
  readonly autoCreate: boolean
  readonly layout: TableLayout
}

const POLL_MS = 200
/** The official client's limit for a schema change. */
const SCHEMA_CHANGE_LIMIT_MS = 1_800_000

/** Brings target tables into being and into shape, as far as allowed. */
export class TargetMaker {
  readonly #options: TargetMakerOptions
  readonly #session: Statements
  readonly #stopped: AbortSignal

  constructor(options: TargetMakerOptions, session: Statements, stopped: AbortSignal) {
    this.#options = options
    this.#session = session
    this.#stopped = stopped
  }

  /** The target, ready for loads of `request`; otherwise Failure('targetUnfit') naming table and column. */
  async make(request: TargetRequest): Promise<TargetTable> {
    const existing = (await readTarget(this.#session, request, request.columns)) ?? (await this.#create(request))
    const missing = missingColumns(request, existing)
    const table =
      missing.length === 0 || request.missingColumns === 'leaveOut'
        ? existing
        : await this.#addColumns(request, existing, missing)
    refuseFaults(request, table)
    return table
  }

  /** See `Sink.inspect`. */
  async inspect(request: TargetRequest): Promise<TargetTable | null> {
    const existing = await readTarget(this.#session, request, request.columns)
    if (existing === null) {
      if (!this.#options.autoCreate) this.#refuseToCreate(request)
      return null
    }
    const missing = missingColumns(request, existing)
    if (missing.length > 0) refuseMissing(request, existing, missing)
    refuseFaults(request, existing)
    return existing
  }

  #refuseToCreate(request: TargetRequest): never {
    const statement = renderCreateTable(request, this.#options.layout)
    throw new Failure('targetUnfit', `${targetName(request)} does not exist, and schema.auto_create is false`, {
      advice: `${renderCreateDatabase(request.database)};\n${statement};`,
    })
  }

  async #create(request: TargetRequest): Promise<TargetTable> {
    const name = targetName(request)
    const statement = renderCreateTable(request, this.#options.layout)
    if (!this.#options.autoCreate) this.#refuseToCreate(request)
    if (!(await this.#databaseExists(request.database)))
      await this.#session.execute(renderCreateDatabase(request.database))
    await this.#session.execute(statement)
    const made = await readTarget(this.#session, request)
    if (made !== null) return made
    throw new Failure('targetDenied', `${name} was created but its description cannot be read`, {
      advice: `GRANT SELECT, INSERT, ALTER ON ALL TABLES IN DATABASE ${quoteIdentifier(request.database)} TO USER sr_user;`,
    })
  }

  /** Asked first, so that an account without CREATE DATABASE can work in a database made for it. */
  async #databaseExists(database: string): Promise<boolean> {
    const name = quoteString(database)
    const rows = await this.#session.query(
      `SELECT SCHEMA_NAME FROM information_schema.schemata WHERE SCHEMA_NAME = ${name}`,
    )
    return rows.length > 0
  }

  async #addColumns(
    request: TargetRequest,
    table: TargetTable,
    missing: TargetRequest['columns'],
  ): Promise<TargetTable> {
    const name = targetName(table)
    const names = missing.map(column => column.name).join(', ')
    if (missingFault(request, table, missing) !== null || request.missingColumns !== 'add')
      refuseMissing(request, table, missing)
    await this.#session.execute(renderAddColumns(table, missing))
    const deadline = Date.now() + SCHEMA_CHANGE_LIMIT_MS
    for (;;) {
      const changed = await readTarget(this.#session, table)
      if (changed !== null && missingColumns(request, changed).length === 0) return changed
      await this.#checkSchemaChange(table, names)
      if (Date.now() > deadline) throw new Failure('targetBusy', `${name} still lacks the columns ${names} being added`)
      await delay(POLL_MS, undefined, { signal: this.#stopped }).catch((cause: unknown) => {
        throw new Failure('targetBusy', `${name}: stopped while the columns ${names} were being added`, { cause })
      })
    }
  }

  /** Shared-data clusters change schemas in a job, which can be cancelled after the statement has returned. */
  async #checkSchemaChange(table: TargetTable, columns: string): Promise<void> {
    const sql =
      `SHOW ALTER TABLE COLUMN FROM ${quoteIdentifier(table.database)} ` +
      `WHERE TableName = ${quoteString(table.table)} ORDER BY CreateTime DESC LIMIT 1`
    const rows = await this.#session.query(sql).catch((error: unknown) => {
      if (isRefused(error)) return []
      throw asFailure(error)
    })
    const job = rows[0]
    if (job === undefined || rowField(job, 'state')?.toUpperCase() !== 'CANCELLED') return
    const reason = rowField(job, 'msg') ?? 'no reason given'
    throw new Failure('targetUnfit', `${targetName(table)}: adding the columns ${columns} was cancelled: ${reason}`)
  }
}

function refuseFaults(request: TargetRequest, table: TargetTable): void {
  const fault = checkTarget(request, table).find(candidate => candidate.level === 'fatal')
  if (fault !== undefined) throw new Failure('targetUnfit', fault.message, { advice: fault.remedy })
}

function refuseMissing(request: TargetRequest, table: TargetTable, missing: TargetRequest['columns']): never {
  const lasting = missingFault(request, table, missing)
  if (lasting !== null) {
    const fault = checkTarget(request, table)[0] ?? lasting
    throw new Failure('targetUnfit', fault.message, { advice: fault.remedy })
  }
  const names = missing.map(column => column.name).join(', ')
  throw new Failure('targetUnfit', `${targetName(table)} lacks the columns ${names}`, {
    advice: addColumnsRemedy(table, missing),
  })
}
