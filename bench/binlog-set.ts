import type { Position } from '../lib/model/position.js'
import type { ServerKind } from '../lib/servers/server-recipe.js'
import { startServer, type TestServer } from '../lib/servers/test-server.js'
import { HOT_ROWS, NUMBERS, SCHEMA, type Shape, TABLES } from './shapes.js'

/** Where the rows of a shape stand in the binlog: whole files, so that every reader reads exactly these. */
export interface BinlogPart {
  readonly name: string
  readonly tables: readonly string[]
  readonly rows: number
  readonly bytes: number
  readonly files: readonly string[]
  /** Behind its last transaction. */
  readonly end: Pick<Position, 'binName' | 'binPos'>
}

/** First offset of a binlog file, behind its magic number. */
export const FIRST_OFFSET = 4

/** A real server whose binlog is made shape by shape. */
export class BinlogSet {
  readonly server: TestServer

  private constructor(server: TestServer) {
    this.server = server
  }

  /** Starts the server with the tables of all shapes, empty but for those that are only updated. */
  static async start(kind: ServerKind): Promise<BinlogSet> {
    const server = await startServer(kind, {
      extra: ['innodb-flush-log-at-trx-commit=0', 'innodb-buffer-pool-size=512M'],
    })
    try {
      await server.sql(`create database ${SCHEMA} character set utf8mb4`)
      const numbers = `insert into ${NUMBERS} with recursive up(n) as (select 0 union all select n + 1 from up where n < 999) select n from up`
      const oltp = `insert into oltp select n + 1, 0, '', '' from ${NUMBERS}`
      const hot = `insert into hot select n + 1, 0, '', '' from ${NUMBERS} where n < ${HOT_ROWS}`
      const statements = [`create table ${NUMBERS} (n int primary key)`, ...TABLES, numbers, oltp, hot]
      await server.sql([`use ${SCHEMA}`, ...statements])
      return new BinlogSet(server)
    } catch (error) {
      await server.destroy()
      throw error
    }
  }

  /** Makes the rows of a shape in binlog files of their own, which are the last ones then. */
  async write(shape: Shape): Promise<BinlogPart> {
    const [, before] = await this.server.sql(['flush binary logs', 'show binary logs'])
    await this.server.sql([
      `use ${SCHEMA}`,
      'drop procedure if exists make_rows',
      `create procedure make_rows() begin ${shape.body} end`,
      'flush binary logs',
      'call make_rows()',
    ])
    const end = await this.head()
    const after = await this.server.sql('show binary logs')
    const made = after.slice(before!.length)
    return {
      name: shape.name,
      tables: shape.tables,
      rows: shape.rows,
      bytes: made.reduce((sum, file) => sum + Number(file.File_size), 0),
      files: made.map(file => String(file.Log_name)),
      end,
    }
  }

  /** The end of the binlog now. */
  async head(): Promise<Pick<Position, 'binName' | 'binPos'>> {
    const status = this.server.kind === 'mysql' ? 'show binary log status' : 'show master status'
    const [row] = await this.server.sql(status)
    return { binName: String(row!.File), binPos: Number(row!.Position) }
  }
}

/** Several parts as one, with the files between them: what changes no table stands there, and a procedure made anew. */
export function joinParts(name: string, parts: readonly BinlogPart[]): BinlogPart {
  const sum = (of: (part: BinlogPart) => number) => parts.reduce((all, part) => all + of(part), 0)
  return {
    name,
    tables: [...new Set(parts.flatMap(part => part.tables))],
    rows: sum(part => part.rows),
    bytes: sum(part => part.bytes),
    files: parts.flatMap(part => part.files),
    end: parts.at(-1)!.end,
  }
}
