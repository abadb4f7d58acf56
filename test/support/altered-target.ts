import type { TargetEvolution, TargetStep } from '../../lib/model/target-change.js'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { TargetAlterer } from '../../lib/starrocks/alter-target.js'
import type { StarRocksSession, Statements } from '../../lib/starrocks/starrocks-session.js'
import type { StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'
import { sourceColumn } from './source-column.js'
import { evolution } from './table-change.js'
import { TargetBench } from './target-bench.js'

export const NEVER = new AbortController().signal
export const ALTER_TIMES = { pollMs: 5, slowPollMs: 20, limitMs: 20_000 }

/** A stand-in with the target d.t (id, a, b) of two rows, to be altered. */
export class AlteredTarget {
  readonly sandbox: Sandbox
  readonly options: StarRocksSinkOptions
  readonly session: StarRocksSession
  readonly close: () => Promise<void>

  private constructor(bench: TargetBench) {
    this.sandbox = bench.sandbox
    this.options = bench.options
    this.session = bench.session
    this.close = () => bench.close()
  }

  static async start(): Promise<AlteredTarget> {
    return new AlteredTarget(await TargetBench.start())
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
