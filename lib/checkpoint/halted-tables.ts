import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.js'
import type { BinlogPlace, HaltedTable, Obstacle } from '../model/halted-table.js'
import { comparePositions, type Position } from '../model/position.js'
import { errorCode, errorText } from '../model/system-error.js'
import { replaceFile } from './replace-file.js'

const FILE = 'halted.json'

/** What is known when a table is halted. */
export type NewHalt = Pick<HaltedTable, 'schema' | 'table' | 'obstacle' | 'after'>

/**
 * `<data_dir>/halted.json`: the tables that are not followed for now, in the order of their places. Every change is durable
 * when its promise resolves. One process uses it, the one that holds the data_dir; others may read it.
 */
export class HaltedTables {
  readonly path: string
  #tables: readonly HaltedTable[]

  private constructor(path: string, tables: readonly HaltedTable[]) {
    this.path = path
    this.#tables = tables
  }

  /** No file: no table is halted. Rejects with positionUnreadable, naming what is wrong. */
  static async open(dataDir: string): Promise<HaltedTables> {
    const path = join(dataDir, FILE)
    return new HaltedTables(path, await read(path))
  }

  get tables(): readonly HaltedTable[] {
    return this.#tables
  }

  find(schema: string, table: string): HaltedTable | null {
    return this.#tables.find(halted => halted.schema === schema && halted.table === table) ?? null
  }

  /** Halts a table from its obstacle on. Rejects with positionUnsaved. */
  async halt({ schema, table, obstacle, after }: NewHalt): Promise<HaltedTable> {
    const halted: HaltedTable = {
      id: this.#freshId(obstacle.atMs),
      schema,
      table,
      from: obstacle.position,
      obstacle,
      accepted: [],
      after,
      dropped: false,
    }
    await this.#save([...this.#tables, halted])
    return halted
  }

  /** A catch-up came to this obstacle. Rejects with positionUnsaved. */
  obstruct(id: string, obstacle: Obstacle): Promise<HaltedTable> {
    return this.#change(id, halted => ({ ...halted, obstacle }))
  }

  /** The DDL statement at the table's obstacle counts as carried out in the target. Rejects with positionUnsaved. */
  accept(id: string): Promise<HaltedTable> {
    const place = ({ binName, binPos, serverUuid }: Position): BinlogPlace => ({ binName, binPos, serverUuid })
    return this.#change(id, halted => ({
      ...halted,
      accepted: [...halted.accepted, place(halted.obstacle.position)],
    }))
  }

  /** What was held of the table is given up. Rejects with positionUnsaved. */
  drop(id: string): Promise<HaltedTable> {
    return this.#change(id, halted => ({ ...halted, dropped: true }))
  }

  /** The table is followed by the main stream again. Rejects with positionUnsaved. */
  async remove(id: string): Promise<void> {
    await this.#save(this.#tables.filter(halted => halted.id !== id))
  }

  async #change(id: string, change: (halted: HaltedTable) => HaltedTable): Promise<HaltedTable> {
    const before = this.#tables.find(halted => halted.id === id)
    if (before === undefined) throw new Failure('internal', `no table is halted under ${id}`)
    const changed = change(before)
    await this.#save(this.#tables.map(halted => (halted === before ? changed : halted)))
    return changed
  }

  /** Labels and marks of a catch-up carry it, and outlive the file: so it is made of the time. */
  #freshId(atMs: number): string {
    for (let ms = atMs; ; ms++) {
      const id = ms.toString(36)
      if (!this.#tables.some(halted => halted.id === id)) return id
    }
  }

  async #save(tables: readonly HaltedTable[]): Promise<void> {
    const ordered = tables.toSorted((a, b) => comparePositions(a.from, b.from))
    try {
      await replaceFile(this.path, `${JSON.stringify({ format: 1, halted: ordered }, null, 2)}\n`)
    } catch (error) {
      throw new Failure('positionUnsaved', `${this.path}: ${errorText(error)}`, {
        cause: error,
        advice: `${this.path} cannot be written. Free space on the disk of data_dir and check its permissions.`,
      })
    }
    this.#tables = ordered
  }
}

async function read(path: string): Promise<readonly HaltedTable[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return []
    throw unreadable(path, error)
  }
  try {
    const { format, halted } = JSON.parse(text) as { format?: unknown; halted?: unknown }
    if (format !== 1 || !Array.isArray(halted) || !halted.every(isHaltedTable)) throw new Error('it is not of format 1')
    return halted
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, cause: unknown): Failure {
  return new Failure('positionUnreadable', `${path}: ${errorText(cause)}`, {
    cause,
    advice: `${path} says which tables are not followed, and from where on. Restore it. Without it the rows that were held are missing: copy these tables again (sync.log names them), then remove the file.`,
  })
}

function isHaltedTable(value: unknown): value is HaltedTable {
  const { id, schema, table, from, obstacle, accepted, after, dropped } = Object(value) as Partial<HaltedTable>
  const { position, kind, reason, advice, statement, atMs } = Object(obstacle) as Partial<Obstacle>
  return (
    [id, schema, table, kind, reason, advice].every(isText) &&
    [statement, after].every(text => text === null || isText(text)) &&
    [from, position].every(isPosition) &&
    Array.isArray(accepted) &&
    accepted.every(isPlace) &&
    typeof atMs === 'number' &&
    typeof dropped === 'boolean'
  )
}

function isPosition(value: unknown): value is Position {
  return isPlace(value) && isText((value as Partial<Position>).gtidSet)
}

function isPlace(value: unknown): value is BinlogPlace {
  const { binName, binPos, serverUuid } = Object(value) as Partial<BinlogPlace>
  return isText(binName) && Number.isSafeInteger(binPos) && isText(serverUuid)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
