import type { CopyRecord } from '../model/copy-record.js'
import { Failure } from '../model/failure.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { readTableSchema } from '../mysql/catalog.js'
import { type SourceAddress, SourceSession } from '../mysql/session.js'
import { KeyOrder } from '../mysql/snapshot/key-order.js'
import { estimateTable } from '../mysql/snapshot/table-estimate.js'
import { TableReader } from '../mysql/snapshot/table-reader.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import type { CopyMode, CopyPlan } from './copy-plan.js'
import { type SourceReader, WholeReader } from './whole-reader.js'

export interface SourceParts {
  /** Where rows are read. */
  readonly address: SourceAddress
  /** Where the binlog is read, when that is another server; null: the same. */
  readonly streamed: SourceAddress | null
  /** `time_zone` of sync.toml, and the zone it stands for. */
  readonly zoneText: string
  readonly zone: Zone
  /** Tables that must be read as a whole may have so many bytes. */
  readonly wholeBytes: number
  /** Makes sure of the targets. */
  readonly copyRoutes: (schema: TableSchema) => CopyRoutes | Promise<CopyRoutes>
}

/** One table as its rows are read and judged, from one change of its columns to the next. */
export class CopySource {
  readonly schema: TableSchema
  readonly plan: CopyPlan
  readonly #parts: SourceParts
  readonly #order: KeyOrder | null
  readonly #where: string | null
  #catalog: Promise<SourceSession> | null = null
  #isClosed = false
  #routes: CopyRoutes | null = null

  private constructor(
    parts: SourceParts,
    schema: TableSchema,
    record: CopyRecord,
    mode: CopyMode,
    order: KeyOrder | null,
  ) {
    this.#parts = parts
    this.schema = schema
    this.#order = order
    this.#where = record.where
    const routes = (): CopyRoutes => {
      if (this.#routes === null) throw new Failure('internal', `${tableName(schema)} is copied before it is ready`)
      return this.#routes
    }
    this.plan = {
      schema: schema.schema,
      table: schema.table,
      mode,
      isAgain: record.reason === 'ordered',
      get copyRoutes() {
        return routes()
      },
      order,
      frontier: record.frontier,
    }
  }

  /** A table as the stream knows it where it stands. Rejects as the source does. */
  static async open(parts: SourceParts, schema: TableSchema, record: CopyRecord, mode: CopyMode): Promise<CopySource> {
    const order = mode === 'atOnce' || schema.key.length === 0 ? null : new KeyOrder(parts.address, schema)
    return new CopySource(parts, schema, record, mode, order)
  }

  /** Its rows can be written: not before the stream has come to where its targets may be made ready. Rejects as `Router.copyRoutes` does. */
  async ready(): Promise<CopyRoutes> {
    this.#routes ??= await this.#parts.copyRoutes(this.schema)
    return this.#routes
  }

  /** A connection that reads its rows; as a whole where its key cannot cut chunks. */
  async reader(): Promise<SourceReader> {
    const { address, streamed, zoneText, zone, wholeBytes } = this.#parts
    const { expressions } = await this.ready()
    const plan = { schema: this.schema, expressions, where: this.#where, zone: zoneText, streamed }
    // That it is the wrong server is said before that it lacks the table.
    const reader = await TableReader.open(address, plan)
    try {
      const { unusable } = await estimateTable(await this.#session(), this.schema, zone)
      return unusable === null ? reader : new WholeReader(reader, tableName(this.schema), unusable, wholeBytes)
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  /** Rejects with chunkVoid when the server has, at this moment, other columns than the stream knows here. */
  async stillFits(): Promise<void> {
    const now = await readTableSchema(await this.#session(), this.schema.schema, this.schema.table)
    if (now !== null && shape(now) === shape(this.schema)) return
    const what = now === null ? 'is not there any more' : 'has other columns by now'
    throw new Failure('chunkVoid', `${tableName(this.schema)} ${what}, and the stream has not come to that yet.`)
  }

  /** The connection that asks for columns is broken, or not needed any more. */
  async forgetCatalog(): Promise<void> {
    const session = this.#catalog
    this.#catalog = null
    // One that could not be opened has nothing to close; who asked was told.
    await session?.then(
      open => open.close(),
      () => undefined,
    )
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#order?.close()
    await this.forgetCatalog()
  }

  /** One for all who ask. */
  async #session(): Promise<SourceSession> {
    if (this.#isClosed) throw new Failure('chunkVoid', `${tableName(this.schema)} is not copied any more.`)
    this.#catalog ??= SourceSession.connect(this.#parts.address)
    return this.#catalog
  }
}

/** What decides how the server writes values as text, and in which order keys stand. */
function shape({ columns, key }: TableSchema): string {
  return JSON.stringify([columns.map(facts), key])
}

function facts({ name, dataType, unsigned, charset, scale, fractionDigits, members }: SourceColumn): unknown {
  return [name, dataType, unsigned, charset, scale ?? 0, fractionDigits ?? 0, members]
}
