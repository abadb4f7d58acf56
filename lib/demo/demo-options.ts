import { parseArgs } from 'node:util'
import { Failure } from '../model/failure.js'
import type { ServerKind } from '../servers/server-recipe.js'

export interface DemoOptions {
  /** How long the traffic runs; absent: until Ctrl-C. */
  readonly seconds: number | undefined
  /** Row changes per second on the source. */
  readonly rate: number
  readonly server: ServerKind
  readonly json: boolean
}

export const DEMO_USAGE = `mysql-sr-sync demo [--seconds N] [--rate N] [--server mysql|mariadb] [--json]

Starts a private MySQL (downloaded on first use), a StarRocks sandbox and the sync between them, plays a small shop,
and at the end compares source and target row by row. Everything is removed afterwards.

  --seconds N   stop the traffic after N seconds; without it Ctrl-C stops it
  --rate N      row changes per second (default 1000)
  --server K    mysql (default) or mariadb
  --json        last line of standard output: one JSON object with the verdict; progress goes to standard error
`

/** Parses the arguments behind `demo`; fails (configInvalid) on what it does not know. */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { seconds, rate, server, json } = values(args)
  if (server !== 'mysql' && server !== 'mariadb') throw invalid(`--server ${server}: mysql or mariadb is expected`)
  return {
    seconds: seconds === undefined ? undefined : positive('--seconds', seconds),
    rate: positive('--rate', rate),
    server,
    json,
  }
}

function values(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string' },
        rate: { type: 'string', default: '1000' },
        server: { type: 'string', default: 'mysql' },
        json: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause))
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw invalid(`${name} ${text}: a number above 0 is expected`)
  return value
}

function invalid(message: string): Failure {
  return new Failure('configInvalid', message, { advice: 'See mysql-sr-sync demo --help.' })
}
