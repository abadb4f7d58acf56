import { resolve } from 'node:path'
import { FAILURES } from '../model/failure.js'
import { CONFIG_FLAG, type Command, EXIT, type FlagValues, numberFlag, UsageError } from './command.js'
import { readConfig } from './read-config.js'
import { renderScripts, writeScripts } from './schema-files.js'
import { renderReport } from './schema-text.js'

export const schema: Command = {
  name: 'schema',
  summary: 'Writes the CREATE TABLE scripts, measures the rows against them, and compares existing targets.',
  details:
    'Writes starrocks-create.N.sql for each [[rule]] and starrocks-create.all.sql into schema.output_dir. One SELECT over each table\n' +
    'finds what would not go into StarRocks: too long values and keys, zero dates, too many digits, text that is no JSON. Existing\n' +
    'targets stay as they are: each difference is shown with the ALTER that mends it.\n' +
    `Exit codes: 0 all fits; 1 a difference or finding; ${FAILURES.configInvalid.exitCode} the configuration is wrong.`,
  flags: {
    ...CONFIG_FLAG,
    apply: { type: 'boolean', text: 'Creates the missing databases and tables in StarRocks.' },
    'no-scan': { type: 'boolean', text: 'Leaves the rows alone: no measurement.' },
    sample: { type: 'string', value: 'N', text: 'Measures at most N rows of each table.' },
    json: { type: 'boolean', text: 'The report as JSON.' },
  },
  async run(values, terminal) {
    const sample = sampleOf(values)
    const { config, baseDir } = readConfig(values)
    const { reportSchema } = await import('../schema-command.js')
    const report = await reportSchema(config, {
      apply: values.apply === true,
      scan: values['no-scan'] !== true,
      sample,
      progress: message => terminal.err(message),
    })
    const files = writeScripts(resolve(baseDir, config.schema.output_dir), renderScripts(report))
    terminal.out(
      values.json === true
        ? JSON.stringify({ ...report, files }, null, 2)
        : `${renderReport(report)}\nwritten  ${files.join('\n         ')}`,
    )
    return report.findings.some(finding => finding.level !== 'ok') ? EXIT.finding : EXIT.ok
  },
}

function sampleOf(values: FlagValues): number | null {
  if (values.sample === undefined) return null
  if (values['no-scan'] === true) throw new UsageError('--sample and --no-scan exclude each other')
  const sample = numberFlag(values, 'sample', 1, { min: 1, max: 1e12 })
  if (!Number.isInteger(sample)) throw new UsageError('--sample must be a whole number')
  return sample
}
