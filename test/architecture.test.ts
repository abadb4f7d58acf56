import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

interface Import {
  readonly from: string
  /** Path of a file of lib/, or the name of a package or of a node: module. */
  readonly to: string
  readonly inside: boolean
}

const FILES = listFiles('lib')
const IMPORTS = FILES.flatMap(importsOf)

function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort()
}

/** Static, type-only, re-exporting and dynamic imports alike. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*(?:\/\*[^*]*\*\/\s*)?['"]([^'"]+)['"]/g
  return [...text.matchAll(pattern)].map(match => {
    const target = match[1]!
    const inside = target.startsWith('.')
    return { from: file, to: inside ? posix.join(posix.dirname(file), target).replace(/\.js$/, '.ts') : target, inside }
  })
}

const PURE_STARROCKS = [
  'type-map',
  'alter-text',
  'alter-types',
  'target-type',
  'ddl',
  'key-types',
  'chosen-type',
  'load-body',
  'load-status',
  'answer-text',
  'transaction-answer',
  'layout-check',
  'widest-type',
  'compared-text',
  'row-digest',
  'version',
]
const PARSED_BY_CONFIG = ['lib/expression/parser.ts', 'lib/expression/problem.ts', 'lib/expression/syntax.ts']
const PARTS = ['mysql', 'rules', 'dispatch', 'starrocks', 'checkpoint', 'dead-letter', 'observe', 'control']
/** Folders of composition, beside the files of lib/ itself. */
const COMPOSED = ['snapshot', 'verify', 'rule-test', 'explain']
const FACES = ['cli', 'sandbox', 'servers', 'demo', 'http']

/** The floor of a file of lib/, 0 to 4; null when it has no place in the house. */
function floorOf(file: string): number | null {
  const [, folder, name] = file.split('/') as [string, string, string | undefined]
  if (name === undefined) return 3
  if (folder === 'model') return 0
  if (folder === 'binlog' || folder === 'config' || folder === 'expression') return 1
  if (folder === 'starrocks' && PURE_STARROCKS.includes(basename(file, '.ts'))) return 1
  if (PARTS.includes(folder)) return 2
  if (COMPOSED.includes(folder)) return 3
  return FACES.includes(folder) ? 4 : null
}

/** Why a file may not import another file of lib/, or null. */
function objection(from: string, to: string): string | null {
  const [floor, target] = [floorOf(from), floorOf(to)]
  if (floor === null || target === null) return 'a folder without a place in the house'
  const sameFolder = dirname(from) === dirname(to) || from.split('/')[1] === to.split('/')[1]
  if (floor === 3) return target <= 3 ? null : 'composition knows no face'
  if (floor === 4) {
    if (from.startsWith('lib/sandbox/'))
      return sameFolder || target <= 1 ? null : 'the sandbox shares floors 0 and 1 only'
    return null
  }
  if ((floor === 2 || from.startsWith('lib/starrocks/')) && to === 'lib/dispatch/sink.ts') return null
  // The text of an expression is judged when the configuration is read.
  if (from.startsWith('lib/config/') && PARSED_BY_CONFIG.includes(to)) return null
  // A file that must outlive a crash is made in one way.
  if (floor === 2 && to === 'lib/checkpoint/replace-file.ts') return null
  if (sameFolder) return target <= floor ? null : 'the pure half imports the part'
  return target < floor && (floor === 2 || target === 0) ? null : `floor ${floor} imports floor ${target}`
}

test('there is something to look at', () => {
  expect(FILES.length).toBeGreaterThan(30)
  expect(IMPORTS.filter(({ inside }) => inside).length).toBeGreaterThan(60)
})

test('imports go down only', () => {
  const wrong = IMPORTS.filter(({ inside }) => inside)
    .map(({ from, to }) => ({ from, to, why: objection(from, to) }))
    .filter(({ why }) => why !== null)
  expect(wrong).toEqual([])
})

test('the words import nothing; the languages touch no socket, clock or file', () => {
  const outside = IMPORTS.filter(({ inside }) => !inside)
  expect(outside.filter(({ from }) => floorOf(from) === 0)).toEqual([])
  const impure = /^(node:)?(fs|net|http|https|tls|dgram|dns|timers|child_process|worker_threads)(\/|$)|^undici|^mysql2/
  expect(outside.filter(({ from, to }) => floorOf(from) === 1 && impure.test(to))).toEqual([])
  const clock = FILES.filter(file => (floorOf(file) ?? 0) <= 1).filter(file =>
    /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bset(Timeout|Interval)\(|\bprocess\.env\b/.test(
      readFileSync(join(ROOT, file), 'utf8'),
    ),
  )
  expect(clock).toEqual([])
})

test('only composition and faces see the configuration together with parts', () => {
  const readers = IMPORTS.filter(({ to }) => to === 'lib/config/options.ts' || to === 'lib/config/load.ts')
  expect(readers.filter(({ from }) => floorOf(from) === 2).map(({ from }) => from)).toEqual([])
})

test('drivers stay in their folder', () => {
  const importers = (name: string) => [...new Set(IMPORTS.filter(({ to }) => to === name).map(({ from }) => from))]
  expect(
    importers('@vlasky/zongji').filter(file => !/^lib\/mysql\/(dump-connection|gtid-set)\.ts$/.test(file)),
  ).toEqual([])
  expect(importers('@iarna/toml').filter(file => !/^lib\/(config|checkpoint)\//.test(file))).toEqual([])
  expect(importers('hot-shots').filter(file => file !== 'lib/observe/statsd.ts')).toEqual([])
  expect(importers('@duckdb/node-api').filter(file => !/^lib\/(sandbox|demo)\//.test(file))).toEqual([])
})

test('no file imports itself by way of others, type imports included', () => {
  const edges = new Map<string, string[]>()
  for (const { from, to, inside } of IMPORTS) if (inside) edges.set(from, [...(edges.get(from) ?? []), to])
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file])
      return
    }
    if (done.has(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  expect(cycles).toEqual([])
})

describe('files', () => {
  test('have no junk-room names', () => {
    expect(FILES.filter(file => /\/(index|utils?|helpers?|common|types|interfaces|misc)\.ts$/.test(file))).toEqual([])
    expect(FILES.filter(file => !/^[a-z0-9-]+\.ts$/.test(basename(file)))).toEqual([])
  })

  test('stay under 400 lines', () => {
    const long = [...FILES, ...listFiles('test')].filter(
      file => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 401,
    )
    expect(long).toEqual([])
  })
})

describe('the judge itself', () => {
  test.each([
    ['lib/model/a.ts', 'lib/config/b.ts'],
    ['lib/config/a.ts', 'lib/binlog/b.ts'],
    ['lib/config/a.ts', 'lib/expression/compile.ts'],
    ['lib/expression/a.ts', 'lib/binlog/b.ts'],
    ['lib/mysql/a.ts', 'lib/dispatch/b.ts'],
    ['lib/starrocks/ddl.ts', 'lib/starrocks/sink.ts'],
    ['lib/observe/a.ts', 'lib/pipeline.ts'],
    ['lib/pipeline.ts', 'lib/cli/run.ts'],
    ['lib/sandbox/a.ts', 'lib/dispatch/b.ts'],
    ['lib/attic/a.ts', 'lib/model/b.ts'],
  ])('%s may not import %s', (from, to) => {
    expect(objection(from, to)).not.toBeNull()
  })

  test.each([
    ['lib/config/a.ts', 'lib/model/b.ts'],
    ['lib/config/a.ts', 'lib/expression/parser.ts'],
    ['lib/rules/shape/a.ts', 'lib/expression/compile.ts'],
    ['lib/mysql/preflight/a.ts', 'lib/mysql/b.ts'],
    ['lib/starrocks/sink.ts', 'lib/dispatch/sink.ts'],
    ['lib/starrocks/sink.ts', 'lib/starrocks/ddl.ts'],
    ['lib/rules/a.ts', 'lib/config/name-pattern.ts'],
    ['lib/sandbox/a.ts', 'lib/starrocks/type-map.ts'],
    ['lib/cli/a.ts', 'lib/sandbox/b.ts'],
  ])('%s may import %s', (from, to) => {
    expect(objection(from, to)).toBeNull()
  })
})
