import { asFailure, Failure } from '../model/failure.js'
import { targetName } from '../model/schema.js'
import type { EvolutionReport, EvolutionWarning, TargetEvolution, TargetStep } from '../model/target-change.js'
import { ddlUnsupported, HandNeeded } from './alter-by-hand.js'
import { ALTER_TIMES, AlterJobs, type AlterTimes } from './alter-job.js'
import { type AlterStatement, type ShapeStep, statementsTowards } from './alter-step.js'
import {
  FILL_TIMEOUT,
  renderDeleteRows,
  renderDoubt,
  renderDoubtByHand,
  renderDropTable,
  renderFillRows,
  renderRenameTable,
} from './alter-text.js'
import { renderTruncate } from './ddl.js'
import type { Statements } from './starrocks-session.js'
import { readTarget } from './target-catalog.js'
import { readShape, shapedColumn } from './target-shape.js'

/** Carries out the steps of an evolution on a live target. */
export class TargetAlterer {
  readonly #session: Statements
  readonly #jobs: AlterJobs
  readonly #times: AlterTimes

  constructor(session: Statements, times: AlterTimes = ALTER_TIMES) {
    this.#session = session
    this.#times = times
    this.#jobs = new AlterJobs(session, times)
  }

  /**
   * Brings a target behind a statement; what is done already is passed over, and a target that is not there is left to
   * `prepare`. Rejects with ddlUnsupported (the statements to run by hand are in its advice), targetBusy when it takes
   * longer than the limit or `signal` fires, or another Failure of the connection: all leave a state from which the same
   * evolution can be run again.
   */
  async evolve(evolution: TargetEvolution, signal: AbortSignal): Promise<EvolutionReport> {
    const run = new EvolutionRun(evolution, signal)
    for (const [index, step] of evolution.steps.entries()) {
      try {
        await this.#step(step, run)
      } catch (error) {
        if (!(error instanceof HandNeeded)) throw error
        throw ddlUnsupported(evolution, error, evolution.steps.slice(index + 1))
      }
    }
    return run
  }

  #step(step: TargetStep, run: EvolutionRun): Promise<void> {
    switch (step.kind) {
      case 'renameTable':
        return this.#renameTable(step.from, run)
      case 'dropTable':
        return this.#ifThere(run, renderDropTable(run.evolution))
      case 'truncate':
        return this.#ifThere(run, renderTruncate(run.evolution))
      case 'deleteRows':
        return this.#ifThere(run, renderDeleteRows(run.evolution, step.rows))
      case 'fillRows':
        return this.#fillRows(step, run)
      case 'expectNone':
        return this.#expectNone(step, run)
      default:
        return this.#shape(step, run)
    }
  }

  /** Asks what is missing, runs it and asks again, until nothing is. */
  async #shape(step: ShapeStep, run: EvolutionRun): Promise<void> {
    const { evolution, signal } = run
    const deadline = Date.now() + this.#times.limitMs
    let accepted = ''
    for (;;) {
      // A job that runs may be the very one that is missing, begun before a crash.
      await this.#jobs.idle(evolution, signal)
      const shape = await readShape(this.#session, evolution)
      if (shape === null) return
      const statements = statementsTowards(step, shape, evolution)
      if (statements.length === 0) return
      const text = statements.map(({ sql }) => sql).join('; ')
      if (Date.now() > deadline)
        throw new Failure('targetBusy', `${targetName(evolution)} has not come to be as it is to be: ${text}`)
      // An FE may hear of a change later than the one that made it.
      if (accepted === text) await this.#jobs.pause(evolution, this.#times.pollMs, signal)
      else {
        const outcome = await this.#runAll(statements, run)
        if (outcome === 'dispensedWith') return
        if (outcome === 'accepted') accepted = text
      }
    }
  }

  async #runAll(
    statements: readonly AlterStatement[],
    run: EvolutionRun,
  ): Promise<'accepted' | 'lookAgain' | 'dispensedWith'> {
    for (const { sql, dispensable, otherwise } of statements) {
      try {
        if (!(await this.#jobs.run(run.evolution, sql, run.signal))) return 'lookAgain'
      } catch (error) {
        const failure = asFailure(error)
        if (failure.kind !== 'targetUnfit') throw failure
        if (!dispensable) throw new HandNeeded(failure.message, otherwise ?? [sql])
        run.warnings.push({ message: `${targetName(run.evolution)}: ${failure.message}`, advice: `${sql};` })
        return 'dispensedWith'
      }
      run.statements.push(sql)
    }
    return 'accepted'
  }

  async #renameTable(from: string, run: EvolutionRun): Promise<void> {
    const { database, table } = run.evolution
    if ((await readTarget(this.#session, { database, table: from })) === null) return
    const statement = renderRenameTable(database, from, table)
    if ((await readTarget(this.#session, { database, table })) !== null)
      throw new HandNeeded(`${database}.${from} is to be renamed, and ${database}.${table} is there already`, [
        renderDropTable({ database, table }),
        statement,
      ])
    await this.#alone({ database, table: from }, statement, run)
  }

  async #ifThere(run: EvolutionRun, statement: string): Promise<void> {
    if ((await readTarget(this.#session, run.evolution)) !== null) await this.#alone(run.evolution, statement, run)
  }

  async #alone(target: { database: string; table: string }, statement: string, run: EvolutionRun): Promise<void> {
    const deadline = Date.now() + this.#times.limitMs
    try {
      await this.#jobs.idle(target, run.signal)
      while (!(await this.#jobs.run(target, statement, run.signal)))
        if (Date.now() > deadline)
          throw new Failure(
            'targetBusy',
            `${targetName(target)} has been busy for ${this.#times.limitMs} ms: ${statement}`,
          )
    } catch (error) {
      const failure = asFailure(error)
      throw failure.kind === 'targetUnfit' ? new HandNeeded(failure.message, [statement]) : failure
    }
    run.statements.push(statement)
  }

  async #fillRows({ name, fill, rows }: Extract<TargetStep, { kind: 'fillRows' }>, run: EvolutionRun): Promise<void> {
    const shape = await readShape(this.#session, run.evolution)
    if (shape === null || shapedColumn(shape, name) === undefined) return
    await this.#alone(run.evolution, FILL_TIMEOUT, run)
    await this.#alone(run.evolution, renderFillRows(run.evolution, name, fill, rows), run)
  }

  async #expectNone(step: Extract<TargetStep, { kind: 'expectNone' }>, run: EvolutionRun): Promise<void> {
    const { evolution } = run
    const shape = await readShape(this.#session, evolution)
    if (shape === null) return
    const column = shapedColumn(shape, step.name) ?? shapedColumn(shape, step.formerName)
    if (column === undefined) return
    if ((await this.#session.query(renderDoubt(evolution, column.name, step.doubt))).length === 0) return
    throw new HandNeeded(`column ${column.name} ${step.reason} without row events, and the target has such values`, [
      renderDoubtByHand(evolution, column.name, step.doubt),
    ])
  }
}

class EvolutionRun implements EvolutionReport {
  readonly statements: string[] = []
  readonly warnings: EvolutionWarning[] = []
  readonly evolution: TargetEvolution
  readonly signal: AbortSignal

  constructor(evolution: TargetEvolution, signal: AbortSignal) {
    this.evolution = evolution
    this.signal = signal
  }
}
