import type { LabelOutcome, Load, PositionMark, Sink, SinkTransaction, TargetRequest } from '../../lib/dispatch/sink.js'
import type { TargetTable } from '../../lib/model/schema.js'
import type { EvolutionReport, RowTag, TargetEvolution } from '../../lib/model/target-change.js'

/** What sinks of tests have in common: every target exists as it is asked for, and there are no transactions. */
export abstract class PlainSink implements Sink {
  abstract write(load: Load, signal: AbortSignal): Promise<{ readonly rows: number }>
  abstract truncate(target: TargetTable): Promise<void>
  abstract close(): Promise<void>

  async prepare({ database, table, model, key }: TargetRequest): Promise<TargetTable> {
    return { database, table, model, columns: [], key }
  }

  async evolve(_evolution: TargetEvolution, _signal: AbortSignal): Promise<EvolutionReport> {
    return { statements: [], warnings: [] }
  }

  inspect(request: TargetRequest): Promise<TargetTable | null> {
    return this.prepare(request)
  }

  async holdsRows(): Promise<boolean> {
    return false
  }

  async findKey(
    _target: TargetTable,
    _keys: readonly (readonly string[])[],
    _tag: RowTag | null,
    _signal: AbortSignal,
  ): Promise<{ key: readonly string[]; tag: string | null } | null> {
    return null
  }

  async dryRun(_load: Load, _signal: AbortSignal): Promise<string | null> {
    return null
  }

  async settleLabel(_database: string, _label: string, _signal: AbortSignal): Promise<LabelOutcome> {
    return 'absent'
  }

  async lacksTransactions(): Promise<string | null> {
    return 'this sink has none'
  }

  async begin(_database: string, _label: string, _signal: AbortSignal): Promise<SinkTransaction> {
    throw new Error('this sink has no transactions')
  }

  async settleTransaction(_database: string, _label: string, _signal: AbortSignal): Promise<LabelOutcome> {
    return 'absent'
  }

  async readMarks(): Promise<ReadonlyMap<string, PositionMark>> {
    return new Map()
  }

  async removeMark(_database: string, _task: string): Promise<void> {
    throw new Error('this sink has no marks')
  }
}
