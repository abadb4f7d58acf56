import { Document, type SourceText } from '../config/document.js'
import type { Problem } from '../config/problem.js'
import { isTable } from '../config/value-kinds.js'
import type { Operation } from '../model/rule-shape.js'

/** Columns with the values that a fixture gives them, as TOML has them. */
export type WrittenRow = Readonly<Record<string, unknown>>

/** One change of a source table. */
export interface WrittenChange {
  readonly operation: Operation
  /** "schema.table"; null: the table of the fixture. */
  readonly table: string | null
  readonly row: WrittenRow
  /** By which values the changed row is found; null: by its key. */
  readonly where: WrittenRow | null
}

/** What goes in, and what is to be in the targets then. */
export interface FixtureTest {
  readonly name: string
  readonly line: number
  /** Rows that are copied first, by table; the empty name stands for the table of the fixture. */
  readonly snapshot: ReadonlyMap<string, readonly WrittenRow[]>
  readonly changes: readonly WrittenChange[]
  /** Rows by target; the empty name stands for the only one. Null: the rule is to fail. */
  readonly rows: ReadonlyMap<string, readonly WrittenRow[]> | null
  /** Part of the message with which it is to fail. */
  readonly fails: string | null
}

export interface Fixture {
  readonly file: string
  /** CREATE TABLE statements. */
  readonly tables: readonly string[]
  readonly tests: readonly FixtureTest[]
}

type Path = readonly (string | number)[]

const OPERATIONS = ['insert', 'update', 'delete'] as const
const TEST_KEYS = ['name', 'snapshot', 'changes', 'rows', 'fails']

/** Reads a fixture; else everything that is wrong with it. */
export function parseFixture(source: SourceText): Fixture | readonly Problem[] {
  return new FixtureReader(source).read()
}

class FixtureReader {
  readonly #document: Document
  readonly #problems: Problem[]

  constructor(source: SourceText) {
    this.#document = new Document(source)
    this.#problems = [...this.#document.problems]
  }

  read(): Fixture | readonly Problem[] {
    const { data, file } = this.#document
    if (data === null) return this.#problems
    this.#refuseOthers(data, ['tables', 'test'], [])
    const { tables: written, test } = data
    const tables = typeof written === 'string' ? statementsOf(written) : []
    if (tables.length === 0)
      this.#refuse(['tables'], 'tables must be the CREATE TABLE statements of the source tables, in one text')
    if (!Array.isArray(test) || !test.every(isTable))
      this.#refuse(['test'], 'tests must be written as blocks: [[test]]')
    const tests = Array.isArray(test) ? test.filter(isTable).map((block, i) => this.#test(block, ['test', i], i)) : []
    return this.#problems.length > 0 ? this.#problems : { file, tables, tests }
  }

  #test(block: WrittenRow, path: Path, index: number): FixtureTest {
    this.#refuseOthers(block, TEST_KEYS, path)
    const { name, changes, snapshot, rows, fails } = block
    if (name !== undefined && typeof name !== 'string') this.#refuse([...path, 'name'], 'name must be a text')
    if (fails !== undefined && typeof fails !== 'string')
      this.#refuse([...path, 'fails'], 'fails must be a part of the message with which the rule fails')
    if ((rows === undefined) === (fails === undefined))
      this.#refuse(path, 'a test needs either rows, which are in the target then, or fails')
    if (changes === undefined && snapshot === undefined)
      this.#refuse(path, 'a test needs changes, or a snapshot of rows that are copied')
    return {
      name: typeof name === 'string' ? name : `test ${index + 1}`,
      line: this.#document.lineOf(path),
      snapshot: snapshot === undefined ? new Map() : this.#rowsBy(snapshot, [...path, 'snapshot']),
      changes: this.#changes(changes, [...path, 'changes']),
      rows: rows === undefined ? null : this.#rowsBy(rows, [...path, 'rows']),
      fails: typeof fails === 'string' ? fails : null,
    }
  }

  #changes(value: unknown, path: Path): WrittenChange[] {
    if (value === undefined) return []
    if (!Array.isArray(value)) {
      this.#refuse(path, 'changes must be a list: [ { insert = { id = 1 } } ]')
      return []
    }
    return value.flatMap((change: unknown, i) => this.#change(change, [...path, i]))
  }

  #change(change: unknown, path: Path): WrittenChange[] {
    const given = isTable(change) ? OPERATIONS.filter(operation => isTable(change[operation])) : []
    const [operation] = given
    if (!isTable(change) || operation === undefined || given.length > 1) {
      this.#refuse(path, 'a change must be one of { insert = { … } }, { update = { … } } and { delete = { … } }')
      return []
    }
    this.#refuseOthers(change, [...OPERATIONS, 'table', 'where'], path)
    const { table, where } = change
    if (table !== undefined && typeof table !== 'string')
      this.#refuse([...path, 'table'], 'table must be "schema.table"')
    if (where !== undefined && (!isTable(where) || operation === 'insert'))
      this.#refuse(
        [...path, 'where'],
        'where must be the values by which an updated or deleted row is found: { id = 1 }',
      )
    return [
      {
        operation,
        table: typeof table === 'string' ? table : null,
        row: change[operation] as WrittenRow,
        where: isTable(where) ? where : null,
      },
    ]
  }

  /** `[ {…}, {…} ]`, or such lists by name. */
  #rowsBy(value: unknown, path: Path): Map<string, readonly WrittenRow[]> {
    if (isRows(value)) return new Map([['', value]])
    const lists = isTable(value) ? Object.entries(value) : []
    const wrong = lists.find(([, list]) => !isRows(list))
    if (!isTable(value) || wrong !== undefined)
      this.#refuse(
        wrong === undefined ? path : [...path, wrong[0]],
        `${String(path.at(-1))} must be a list of rows, [ { id = 1 } ], or such lists by table`,
      )
    return new Map(lists.filter((entry): entry is [string, WrittenRow[]] => isRows(entry[1])))
  }

  #refuseOthers(table: WrittenRow, known: readonly string[], path: Path): void {
    for (const name of Object.keys(table))
      if (!known.includes(name)) this.#refuse([...path, name], `unknown key ${name}; there are ${known.join(', ')}`)
  }

  #refuse(path: Path, message: string): void {
    this.#problems.push(this.#document.problemAt(path, message))
  }
}

function isRows(value: unknown): value is WrittenRow[] {
  return Array.isArray(value) && value.every(isTable)
}

/** Statements end with ";" at the end of a line, or of the text. */
function statementsOf(text: string): string[] {
  return text
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map(statement => statement.trim())
    .filter(statement => statement !== '')
}
