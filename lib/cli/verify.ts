import { askEngine } from '../control/ask-engine.js'
import { FAILURES } from '../model/failure.js'
import type { Repair } from '../verify/verify-table.js'
import { CONFIG_FLAG, type Command, EXIT, type FlagValues, numberFlag } from './command.js'
import { readConfig } from './read-config.js'
import { renderVerdicts } from './verify-text.js'

const PROGRESS_MS = 500
/** Keys in one request: the engine answers when they are durable. */
const KEYS_PER_REQUEST = 2_000

export const verify: Command = {
  name: 'verify',
  summary: 'Compares source and StarRocks while both move, down to the differing keys.',
  details:
    'Rows that differ are looked at again after the stream has passed them, so rows on their way are no differences. States:\n' +
    'ok; differs; pending: rows that kept changing, or that a stopped engine may still have to write; ignored: not compared, with\n' +
    'the reason. --repair has the running engine read the differing keys again, and looks at them once more.\n' +
    `Exit codes: 0 all ok or ignored; 1 differences are left, or rows are pending; ${FAILURES.configInvalid.exitCode} the configuration is wrong.`,
  flags: {
    ...CONFIG_FLAG,
    table: {
      type: 'string',
      value: 'NAME',
      repeats: true,
      text: 'This table alone: schema.table of the source, or of the target. May be repeated.',
    },
    json: { type: 'boolean', text: 'The result as one JSON object.' },
    repair: { type: 'boolean', text: 'Reads the differing keys again through the running engine.' },
    timeout: { type: 'string', value: 'S', text: 'Seconds to wait for the stream to pass what differs (default: 60).' },
    rate: { type: 'string', value: 'N', text: 'At most so many rows per second (default: no limit).' },
  },
  async run(values, terminal) {
    const timeoutS = numberFlag(values, 'timeout', 60, { min: 0, max: 604_800 })
    const rate = values.rate === undefined ? null : numberFlag(values, 'rate', 1, { min: 1, max: 1e9 })
    const { config, dataDir } = readConfig(values)
    const { verifyTables } = await import('../verify/verify-tables.js')
    const progress = process.stderr.isTTY && values.json !== true ? showProgress() : undefined
    const report = await verifyTables(config, {
      dataDir,
      only: tablesOf(values),
      repair: values.repair === true ? repairer(dataDir) : null,
      waitMs: 1000 * timeoutS,
      rate,
      signal: new AbortController().signal,
      ...(progress === undefined ? {} : { progress: progress.tell }),
    })
    progress?.clear()
    terminal.out(values.json === true ? JSON.stringify(report, null, 2) : renderVerdicts(report))
    return report.tables.every(({ state }) => state === 'ok' || state === 'ignored') ? EXIT.ok : EXIT.finding
  },
}

function tablesOf({ table }: FlagValues): string[] | null {
  return typeof table === 'string' ? table.split('\n') : null
}

/** One line on the terminal, written over. */
function showProgress(): { tell: (target: string, rows: number) => void; clear: () => void } {
  let nextAtMs = 0
  return {
    tell: (target, rows) => {
      if (performance.now() < nextAtMs) return
      nextAtMs = performance.now() + PROGRESS_MS
      process.stderr.write(`\r\u001b[K${target}: ${rows} rows compared`)
    },
    clear: () => process.stderr.write('\r\u001b[K'),
  }
}

/** Asks the running engine, which alone may write to the target in the order of the source. */
function repairer(dataDir: string): Repair {
  return async ({ schema, table, keys }) => {
    for (let at = 0; at < keys.length; at += KEYS_PER_REQUEST)
      await askEngine({
        dataDir,
        request: 'repair',
        options: { schema, table, keys: keys.slice(at, at + KEYS_PER_REQUEST) },
      })
  }
}
