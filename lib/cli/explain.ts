import type { Config } from '../config/options.js'
import { isCarriedOut } from '../explain/report.js'
import { FAILURES, Failure } from '../model/failure.js'
import { CONFIG_FLAG, type Command, EXIT, type FlagValues, numberFlag, UsageError } from './command.js'
import { renderChange } from './explain-change-text.js'
import { renderExplained } from './explain-text.js'
import { readConfig } from './read-config.js'

const DEFAULT_ROWS = 3

export const explain: Command = {
  name: 'explain',
  words: '[TABLE...]',
  summary:
    'Tells what the rules make of the tables that are there, column by column, with rows as they would be written.',
  details:
    'For each [[rule]]: its tables, their target and whether it is there, how loads are made, where each column comes from, which\n' +
    'ones are copied as bytes and which are decoded and why, and the first rows of the source beside what is written of them. Values\n' +
    'of masked columns are not shown. TABLE is schema.table of the source, or database.table of a target.\n' +
    '--diff tells instead what the file would change in the configuration of the engine that runs, or ran last: keys, tables, which of\n' +
    'them want another copy, columns, and the same rows before and after. Nothing is written anywhere.\n' +
    `Exit codes: 0 all can be carried out; 1 a table or target cannot; ${FAILURES.configInvalid.exitCode} the configuration is wrong.`,
  flags: {
    ...CONFIG_FLAG,
    rows: { type: 'string', value: 'N', text: `Shows N rows of each table (default: ${DEFAULT_ROWS}; 0: none).` },
    diff: { type: 'boolean', text: 'Tells what would change.' },
    against: { type: 'string', value: 'FILE', text: 'The same, compared with this configuration file.' },
    json: { type: 'boolean', text: 'The report as one JSON object.' },
  },
  async run(values, terminal, tables) {
    const options = { only: tables.length === 0 ? null : tables, rows: rowsOf(values) }
    const { config, dataDir } = readConfig(values)
    if (values.diff === true || values.against !== undefined) {
      const { explainChange } = await import('../explain/explain-change.js')
      const change = await explainChange(await comparedConfig(values, config, dataDir), config, options)
      terminal.out(values.json === true ? JSON.stringify(change, null, 2) : renderChange(change))
      return change.findings.some(({ level }) => level === 'error') ? EXIT.finding : EXIT.ok
    }
    const { explainConfig } = await import('../explain/explain-config.js')
    const report = await explainConfig(config, options)
    terminal.out(values.json === true ? JSON.stringify(report, null, 2) : renderExplained(report))
    return isCarriedOut(report) ? EXIT.ok : EXIT.finding
  },
}

async function comparedConfig({ against }: FlagValues, now: Config, dataDir: string): Promise<Config> {
  if (typeof against === 'string') return readConfig({ config: against }).config
  const { ConfigInForce } = await import('../config-in-force.js')
  const found = await new ConfigInForce(dataDir).current(now)
  if (found !== null) return found
  throw new Failure('requestRefused', `No engine of this version has run with data_dir ${dataDir} yet.`, {
    advice: 'Name the configuration to compare with: --against FILE.',
  })
}

function rowsOf(values: FlagValues): number {
  const rows = numberFlag(values, 'rows', DEFAULT_ROWS, { min: 0, max: 1000 })
  if (!Number.isInteger(rows)) throw new UsageError('--rows must be a whole number')
  return rows
}
