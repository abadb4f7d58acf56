import type { Config } from '../config/options.js'
import { asFailure, Failure } from '../model/failure.js'
import { type TableSchema, tableName } from '../model/schema.js'
import { loadTransforms } from '../transform-modules.js'
import { compareRows, type RowDifference } from './compare-rows.js'
import type { Fixture, FixtureTest, WrittenChange, WrittenRow } from './fixture.js'
import { FixtureProblem } from './fixture-problem.js'
import { fixtureTable } from './fixture-table.js'
import { RuleRun } from './rule-run.js'
import { type SourceRow, SourceRows } from './source-rows.js'
import type { TargetRows } from './target-rows.js'

/** What became of one test. */
export interface TestResult {
  readonly name: string
  readonly line: number
  /** Why it could not be carried out, or did not fail as it should; null where `differences` tell. */
  readonly problem: string | null
  readonly differences: readonly { readonly target: string; readonly differences: readonly RowDifference[] }[]
}

export function hasPassed({ problem, differences }: TestResult): boolean {
  return problem === null && differences.length === 0
}

/** Runs the tests of a fixture, each with targets of its own. Never rejects but for defects. */
export async function runFixture(config: Config, fixture: Fixture): Promise<TestResult[]> {
  await loadTransforms(config)
  const results: TestResult[] = []
  for (const test of fixture.tests) results.push(await runTest(config, fixture, test))
  return results
}

async function runTest(config: Config, fixture: Fixture, test: FixtureTest): Promise<TestResult> {
  const { name, line } = test
  const outcome = (problem: string | null, differences: TestResult['differences'] = []): TestResult => ({
    name,
    line,
    problem,
    differences,
  })
  try {
    const targets = await carryOut(config, fixture, test)
    if (test.fails !== null) return outcome(`it was to fail with "${test.fails}", and did not fail`)
    return outcome(null, differencesOf(test, targets))
  } catch (error) {
    if (error instanceof FixtureProblem) return outcome(error.message)
    const failure = asFailure(error)
    if (!(error instanceof Failure) || failure.kind === 'internal') throw error
    if (test.fails === null) return outcome(`${failure.message}\n${failure.advice}`)
    return failure.message.includes(test.fails)
      ? outcome(null)
      : outcome(`it was to fail with "${test.fails}", but failed so: ${failure.message}`)
  }
}

async function carryOut(config: Config, fixture: Fixture, test: FixtureTest): Promise<ReadonlyMap<string, TargetRows>> {
  const tables = fixture.tables.map(statement => fixtureTable(statement, config.flavor))
  const run = new RuleRun(config, tables)
  const sources = new Map<string, Source>()
  for (const table of tables) {
    const { expressions } = await run.learn(table)
    sources.set(tableName(table), new Source(run, table, expressions))
  }
  const sourceOf = (name: string): Source => {
    const found = sources.get(name === '' ? tableName(tables[0]!) : name)
    if (found !== undefined) return found
    throw new FixtureProblem(`there is no table ${name}; tables has ${[...sources.keys()].join(', ')}`)
  }
  for (const [name, rows] of test.snapshot) sourceOf(name).copy(rows)
  for (const change of test.changes) sourceOf(change.table ?? '').change(change)
  return run.targets
}

/** One source table, and its way into the targets. */
class Source {
  readonly #run: RuleRun
  readonly #table: TableSchema
  readonly #expressions: readonly string[]
  readonly #rows: SourceRows

  constructor(run: RuleRun, table: TableSchema, expressions: readonly string[]) {
    this.#run = run
    this.#table = table
    this.#expressions = expressions
    this.#rows = new SourceRows(table)
  }

  copy(written: readonly WrittenRow[]): void {
    this.#write(
      'insert',
      written.map(row => this.#rows.insert(row)),
      true,
    )
  }

  change({ operation, row, where }: WrittenChange): void {
    switch (operation) {
      case 'insert':
        this.#write('insert', [this.#rows.insert(row)])
        return
      case 'update': {
        const { before, after } = this.#rows.update(row, where)
        this.#write('update', [before, after])
        return
      }
      case 'delete':
        this.#write('delete', [this.#rows.delete(row, where)])
    }
  }

  #write(operation: WrittenChange['operation'], rows: readonly SourceRow[], copied = false): void {
    const images = rows.map(row => this.#rows.image(row, this.#expressions))
    this.#run.write(this.#table, { operation, images, copied })
  }
}

/** Each target that a test names must have the rows it names; without a name, there must be one target. */
function differencesOf(test: FixtureTest, targets: ReadonlyMap<string, TargetRows>): TestResult['differences'] {
  return [...test.rows!].flatMap(([name, expected]) => {
    const [target, found] = targetOf(name, targets)
    const differences = compareRows(expected, found.rows, found.target.model === 'duplicate' ? [] : found.target.key)
    return differences.length === 0 ? [] : [{ target, differences }]
  })
}

function targetOf(name: string, targets: ReadonlyMap<string, TargetRows>): readonly [string, TargetRows] {
  const found = [...targets].filter(([target]) => name === '' || target === name || target.endsWith(`.${name}`))
  if (found.length === 1) return found[0]!
  const names = [...targets.keys()].join(', ')
  throw new FixtureProblem(
    name === '' ? `the rules write into ${names}: name them in rows` : `the rules write into ${names}, not ${name}`,
  )
}
