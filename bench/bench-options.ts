import { parseArgs } from 'node:util'
import type { ServerKind } from '../lib/servers/server-recipe.js'

export interface BenchOptions {
  /** Show the table of a report instead of measuring. */
  readonly table: string | null
  /** With `table`: the page whose figures are replaced by that table, instead of stdout. */
  readonly into: string | null
  readonly quick: boolean
  /** The last line of stdout is one JSON object; everything else goes to stderr. */
  readonly json: boolean
  readonly scale: number
  readonly rounds: number
  readonly servers: readonly ServerKind[]
  /** Shapes whose name holds this. */
  readonly only: string
  readonly duckdb: boolean
  readonly profile: boolean
  readonly freshness: boolean
  /** Nothing but a soak is run; null: none is. */
  readonly soak: { readonly minutes: number; readonly rate: number } | null
  /** Where the report goes; null: a new file in bench/results. */
  readonly out: string | null
}

export const USAGE = `npm run bench -- [options]

  --quick           the mixed set on MySQL at a scale of 0.15, three rounds, in under 3 minutes; keeps no report
  --json            the last line of stdout is one JSON object with the ratios
  --scale N         1 makes some 2.5 million row changes (default: 1; --quick: 0.15)
  --rounds N        (default: 3)
  --server KIND     mysql or mariadb (default: both; --quick: mysql)
  --only TEXT       shapes whose name holds the text, and no mixed set
  --no-duckdb       without D, the engine to a sink that keeps rows
  --no-profile      without the budget of stages
  --no-freshness    without the ages of rows at steady rates
  --soak MINUTES    memory over so long at a steady rate, on MySQL unless --server says otherwise, and nothing else
  --soak-rate N     row changes a second of a soak (default: 5000)
  --out FILE        where the report goes (default: a new file in bench/results)
  --table FILE      prints the tables of a report
  --into PAGE       with --table: writes them into docs/performance.md instead
`

/** Reads the command line. Throws a TypeError that names what is wrong. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      scale: { type: 'string' },
      rounds: { type: 'string' },
      server: { type: 'string' },
      only: { type: 'string' },
      'no-duckdb': { type: 'boolean' },
      'no-profile': { type: 'boolean' },
      'no-freshness': { type: 'boolean' },
      soak: { type: 'string' },
      'soak-rate': { type: 'string' },
      out: { type: 'string' },
      table: { type: 'string' },
      into: { type: 'string' },
    },
  })
  const quick = values.quick === true
  const number = (name: 'scale' | 'rounds' | 'soak' | 'soak-rate', fallback: number) => {
    const value = values[name] === undefined ? fallback : Number(values[name])
    if (!(value > 0)) throw new TypeError(`--${name} must be a number above 0`)
    return value
  }
  const { server } = values
  const isSoak = values.soak !== undefined
  if (isSoak && (quick || values.json === true))
    throw new TypeError('--soak measures no ratios: it goes with neither --quick nor --json')
  if (values['soak-rate'] !== undefined && !isSoak) throw new TypeError('--soak-rate needs --soak')
  if (server !== undefined && server !== 'mysql' && server !== 'mariadb')
    throw new TypeError('--server must be mysql or mariadb')
  const all: readonly ServerKind[] = quick || isSoak ? ['mysql'] : ['mysql', 'mariadb']
  return {
    table: values.table ?? null,
    into: values.into ?? null,
    quick,
    json: values.json === true,
    scale: number('scale', quick ? 0.15 : 1),
    rounds: number('rounds', 3),
    servers: server === undefined ? all : [server],
    only: values.only ?? '',
    duckdb: !quick && values['no-duckdb'] !== true,
    profile: !quick && values['no-profile'] !== true,
    freshness: !quick && values['no-freshness'] !== true,
    soak: isSoak ? { minutes: number('soak', 20), rate: number('soak-rate', 5000) } : null,
    out: values.out ?? null,
  }
}
