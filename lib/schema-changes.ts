import type { Config } from './config/options.js'
import type { DeadLetters } from './dead-letter/dead-letters.js'
import type { Sink } from './dispatch/sink.js'
import { Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { formatPosition } from './model/position.js'
import { tableName, targetName } from './model/schema.js'
import type { SchemaChange, TableChange } from './model/schema-change.js'
import type { TargetEvolution } from './model/target-change.js'
import type { PositionTracker } from './mysql/position-tracker.js'
import { evolveTargets } from './rules/evolution.js'
import type { Router } from './rules/router.js'
import type { RuleBook } from './rules/rule-book.js'
import { usableRules } from './rules/target-modes.js'

export interface SchemaChangeParts {
  readonly config: Config
  readonly book: RuleBook
  readonly router: Router
  readonly sink: Sink
  readonly tracker: PositionTracker
  /** Null when bad rows stop the flow. */
  readonly letters: DeadLetters | null
  /** Everything handed on so far is durable when it resolves, and the position behind it saved. */
  readonly drain: () => Promise<void>
  readonly shared: Pick<Parameters<typeof evolveTargets>[2], 'isShared' | 'othersWith' | 'rowsOf'>
  readonly observer: Observer
  readonly signal: AbortSignal
}

/** Brings the targets behind DDL statements of the source, as on_ddl says. Everything before a statement is durable first. */
export class SchemaChanges {
  readonly #parts: SchemaChangeParts

  constructor(parts: SchemaChangeParts) {
    this.#parts = parts
  }

  /** `open`: the statement stands in a transaction of which more is to come. Rejects with ddlUnsupported when it cannot be followed. */
  async follow(change: SchemaChange, open: boolean): Promise<void> {
    const { config, drain, tracker, router, observer } = this.#parts
    const policy = config.on_ddl
    const statement = change.statement.replace(/\s+/g, ' ').trim().slice(0, 500)
    if (policy === 'stop')
      throw new Failure(
        'ddlUnsupported',
        `on_ddl = "stop", and behind ${formatPosition(tracker)} the source ran: ${statement}`,
      )
    if (policy === 'evolve' && change.unclear !== null)
      throw new Failure('ddlUnsupported', change.unclear.message, { advice: change.unclear.advice })
    // A table that a transaction makes and fills has no rows before it.
    if (!open) await drain()
    if (policy === 'evolve') await this.#evolve(change)
    for (const { names } of change.tables)
      for (const { schema, table } of names) router.forget(schema, table, policy === 'evolve' ? 'add' : 'leaveOut')
    if (policy === 'evolve') await this.#makeNew(change)
    const source = [...new Set(change.tables.flatMap(({ names }) => names.map(tableName)))].join(', ')
    const kinds = [...new Set(change.tables.map(({ change: { kind } }) => ACTIONS[policy][kind]))]
    observer({ kind: 'ddl', source, statement, action: kinds.join('; ') })
  }

  /** What cannot be done is known before anything is done. */
  async #evolve({ tables, statement }: SchemaChange): Promise<void> {
    const { sink, observer, signal, shared } = this.#parts
    const evolutions = tables.map(({ change }) =>
      evolveTargets(change, statement, {
        policy: {
          onDropColumn: this.#parts.config.schema.on_drop_column,
          onRenameTable: this.#parts.config.schema.on_rename_table,
          onDropTable: this.#parts.config.schema.on_drop_table,
        },
        rulesOf: schema => this.#rulesOf(schema),
        isShared: (target, of) => shared.isShared(target, of),
        othersWith: (target, of, column) => shared.othersWith(target, of, column),
        rowsOf: (target, of) => shared.rowsOf(target, of),
      }),
    )
    for (const { targets, warnings } of evolutions) {
      for (const warning of warnings) observer({ kind: 'warning', ...warning })
      for (const target of targets) {
        await this.#supersede(target)
        const report = await sink.evolve(target, signal)
        for (const warning of report.warnings) observer({ kind: 'warning', ...warning })
      }
    }
  }

  /** Tables appear in the target as they do in the source, not with their first row. */
  async #makeNew({ tables }: SchemaChange): Promise<void> {
    for (const { change } of tables)
      if (change.kind === 'create' && change.after !== null && this.#rulesOf(change.after).length > 0)
        await this.#parts.router.learn(change.after)
  }

  /** Rows that wait to be replayed must not come back into a target that was emptied. */
  async #supersede({ database, table, steps }: TargetEvolution): Promise<void> {
    const emptied = steps.find(({ kind }) => kind === 'truncate' || kind === 'dropTable')
    if (emptied === undefined) return
    const by = emptied.kind === 'truncate' ? 'TRUNCATE' : 'DROP TABLE'
    await this.#parts.letters?.supersedeTarget(targetName({ database, table }), by)
  }

  #rulesOf(schema: NonNullable<TableChange['before']>): ReturnType<RuleBook['match']> {
    const { book, config } = this.#parts
    if (!book.wanted(schema.schema, schema.table)) return []
    const matches = book.match(schema.schema, schema.table)
    return [...usableRules(schema, matches, config.skip_no_pk_table, () => undefined)]
  }
}

const ACTIONS = {
  evolve: {
    create: 'the target is made',
    alter: 'the target follows',
    drop: 'as [schema] on_drop_table says',
    rename: 'as [schema] on_rename_table says; rules for the new name hold from now on',
    truncate: 'the target is truncated',
  },
  ignore: {
    create: 'the target is made ready at the first row',
    alter: 'ignored: columns the target lacks are left out',
    drop: 'ignored',
    rename: 'ignored: rules for the new name hold from now on',
    truncate: 'ignored: the target keeps its rows',
  },
} as const
