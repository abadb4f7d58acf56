import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseFixture } from '../../lib/rule-test/fixture.js'

export const EXAMPLES = resolve('rules/examples')

/** What an example says of its target: both statements give the same rows, in the same order of columns. */
export interface Promised {
  readonly target: string
  readonly source: string
}

/** One file of rules/examples. */
export interface RuleExample {
  readonly name: string
  readonly text: string
  /** CREATE TABLE statements of its source tables, as its file of tests has them. */
  readonly tables: readonly string[]
  readonly promised: readonly Promised[]
}

/** Names of all examples, without ".toml". */
export function exampleNames(): string[] {
  return readdirSync(EXAMPLES)
    .filter(name => name.endsWith('.toml') && !name.endsWith('.test.toml'))
    .map(name => name.slice(0, -'.toml'.length))
    .sort()
}

export function readExample(name: string): RuleExample {
  const text = readFileSync(join(EXAMPLES, `${name}.toml`), 'utf8')
  const tests = `${name}.test.toml`
  const fixture = parseFixture({ file: tests, text: readFileSync(join(EXAMPLES, tests), 'utf8') })
  if (!('tables' in fixture)) throw new Error(`${tests}: ${JSON.stringify(fixture)}`)
  return { name, text, tables: fixture.tables, promised: promisedBy(text) }
}

/** Pairs of comments `target: SELECT …` and `source: SELECT …`, each going on in lines that are further indented. */
function promisedBy(text: string): Promised[] {
  const statements: { side: string; sql: string }[] = []
  for (const line of text.split('\n')) {
    const begin = /^# {3}(target|source): (.*)$/.exec(line)
    const further = /^# {5,}(.*)$/.exec(line)
    if (begin !== null) statements.push({ side: begin[1]!, sql: begin[2]! })
    else if (further !== null && statements.length > 0) statements.at(-1)!.sql += ` ${further[1]!}`
  }
  return statements.flatMap(({ side, sql }, i) => {
    const other = statements[i + 1]
    return side === 'target' && other?.side === 'source' ? [{ target: sql, source: other.sql }] : []
  })
}
