import type { TargetEvolution, TargetStep } from '../../lib/model/target-change.js'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import { TargetAlterer } from '../../lib/starrocks/alter-target.js'
import { Frontends } from '../../lib/starrocks/frontends.js'
import { StarRocksSession, type Statements } from '../../lib/starrocks/starrocks-session.js'
import type { StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'
import { sinkOptions } from '../starrocks/fixtures.js'
import { sourceColumn } from './source-column.js'
import { evolution } from './table-change.js'

export const NEVER = new AbortController().signal
export const ALTER_TIMES = { pollMs: 5, slowPollMs: 20, limitMs: 20_000 }

/** A stand-in with the target d.t (id, a, b) of two rows, to be altered. */
export class AlteredTarget {
  readonly sandbox: Sandbox
  readonly options: StarRocksSinkOptions
  readonly session: StarRocksSession

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox
    const { feHttpPort: httpPort, mysqlPort: queryPort } = sandbox
    this.options = sinkOptions({ frontends: [{ host: '127.0.0.1', queryPort, httpPort }] })
    this.session = new StarRocksSession(this.options, new Frontends(this.options))
  }

  static async start(): Promise<AlteredTarget> {
    const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
    return new AlteredTarget(await startSandbox({ ...ports, dataDir: null, user: 'sync', password: 'se:cret@1' }))
  }

  async close(): Promise<void> {
    await this.session.close()
    await this.sandbox.close()
  }

  async reset(): Promise<void> {
    await this.session.execute('DROP DATABASE IF EXISTS d')
    await this.session.execute('CREATE DATABASE d')
    await this.session.execute(
      'CREATE TABLE d.t (id INT NOT NULL, a INT NULL COMMENT "an a", b VARCHAR(40) NULL) PRIMARY KEY (id)',
    )
    await this.session.execute('INSERT INTO d.t VALUES (1, 10, "x"), (2, NULL, "yes")')
  }

  readonly alter = (what: TargetEvolution, statements: Statements = this.session, signal = NEVER) =>
    new TargetAlterer(statements, ALTER_TIMES).evolve(what, signal)

  readonly rows = async (sql = 'SELECT * FROM d.t ORDER BY id') =>
    (await this.session.query(sql)).map(row => [...row.values()])

  /** Name, type, nullability, default and comment of each column. */
  readonly columns = async () =>
    (await this.rows('SHOW FULL COLUMNS FROM d.t')).map(row =>
      [row[0], row[1], row[3], row[5], row[8]].join(' ').trim(),
    )
}

/** Steps for d.t. */
export const stepsOf = (...steps: TargetStep[]): TargetEvolution => ({ ...evolution({ before: [], after: [] }), steps })

/** ALTER TABLE s.t ADD COLUMN c. */
export function addedC(type: string, text: string | null): TargetEvolution {
  const fills = { c: text === null ? ({ kind: 'null' } as const) : ({ kind: 'text', text } as const) }
  return evolution({ before: [], after: [sourceColumn('c', type, { comment: 'the "c"' })], fills })
}
