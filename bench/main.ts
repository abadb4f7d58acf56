import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ServerKind } from '../lib/servers/server-recipe.js'
import { type BenchOptions, readOptions, USAGE } from './bench-options.js'
import { describeMachine, loadAverage, readCommit, readVersions } from './machine.js'
import { measureServer } from './measure-server.js'
import { putFigures } from './page.js'
import type { Report, ServerReport } from './report.js'
import { renderReport } from './report-table.js'
import { guardFigures } from './summary.js'

/** The benchmark of `npm run bench`; see bench/README.md. */

async function measure(options: BenchOptions, say: (line: string) => void): Promise<Report> {
  const at = new Date().toISOString()
  const [commit, loadBefore] = [readCommit(), loadAverage()]
  const servers: ServerReport[] = []
  for (const kind of options.servers) servers.push(await measureServer(kind, options, say))
  const { scale, rounds } = options
  const about = { format: 1, at, commit, machine: describeMachine(loadBefore), versions: readVersions() } as const
  return { ...about, scale, rounds, servers }
}

/** `2026-01-31-1a2b3c4d5e.json`, with the time of day since a commit may be measured more than once. */
function fileName({ at, commit, servers }: Report, kinds: readonly ServerKind[]): string {
  const server = servers.length === 1 ? `-${kinds[0]}` : ''
  return `${at.slice(0, 16).replace(/[-:]/g, '')}-${commit.replace('+', '-changed')}${server}.json`
}

async function showTable(file: string, page: string | null): Promise<void> {
  const figures = renderReport(JSON.parse(await readFile(file, 'utf8')) as Report)
  if (page === null) process.stdout.write(figures)
  else await writeFile(page, putFigures(await readFile(page, 'utf8'), file, figures))
}

async function run(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.table !== null) return showTable(options.table, options.into)
  const startedMs = performance.now()
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const report = await measure(options, say)
  const text = renderReport(report)
  if (options.json) process.stderr.write(text)
  else process.stdout.write(text)
  if (!options.quick || options.out !== null) {
    const file = options.out ?? join('bench/results', fileName(report, options.servers))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${JSON.stringify(report, null, 1)}\n`)
    say(`the report is in ${file}; npm run bench -- --table ${file} shows it again`)
  }
  say(`${Math.round((performance.now() - startedMs) / 1000)} s`)
  if (options.json) process.stdout.write(`${JSON.stringify(guardFigures(report.servers[0]!, report.commit))}\n`)
}

try {
  await run()
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
