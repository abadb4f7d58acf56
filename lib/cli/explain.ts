import { isCarriedOut } from '../explain/report.js'
import { FAILURES } from '../model/failure.js'
import { CONFIG_FLAG, type Command, EXIT, type FlagValues, numberFlag, UsageError } from './command.js'
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
    'Nothing is written anywhere.\n' +
    `Exit codes: 0 all can be carried out; 1 a table or target cannot; ${FAILURES.configInvalid.exitCode} the configuration is wrong.`,
  flags: {
    ...CONFIG_FLAG,
    rows: { type: 'string', value: 'N', text: `Shows N rows of each table (default: ${DEFAULT_ROWS}; 0: none).` },
    json: { type: 'boolean', text: 'The report as one JSON object.' },
  },
  async run(values, terminal, tables) {
    const options = { only: tables.length === 0 ? null : tables, rows: rowsOf(values) }
    const { config } = readConfig(values)
    const { explainConfig } = await import('../explain/explain-config.js')
    const report = await explainConfig(config, options)
    terminal.out(values.json === true ? JSON.stringify(report, null, 2) : renderExplained(report))
    return isCarriedOut(report) ? EXIT.ok : EXIT.finding
  },
}

function rowsOf(values: FlagValues): number {
  const rows = numberFlag(values, 'rows', DEFAULT_ROWS, { min: 0, max: 1000 })
  if (!Number.isInteger(rows)) throw new UsageError('--rows must be a whole number')
  return rows
}
