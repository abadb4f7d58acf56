import { runningProcess } from '../checkpoint/data-dir.js'
import { FAILURES } from '../model/failure.js'
import type { Finding } from '../model/finding.js'
import { CONFIG_FLAG, type Command, EXIT } from './command.js'
import { renderFinding } from './finding-text.js'
import { readConfig } from './read-config.js'

export const check: Command = {
  name: 'check',
  summary: 'Checks the configuration, the source and StarRocks.',
  details: `Exit codes: 0 nothing is in the way; 1 something is; ${FAILURES.configInvalid.exitCode} the configuration is wrong.`,
  flags: { ...CONFIG_FLAG, json: { type: 'boolean', text: 'The findings as a JSON array.' } },
  async run(values, terminal) {
    const { config, baseDir, dataDir } = readConfig(values)
    const { runPreflight } = await import('../preflight.js')
    const findings: readonly Finding[] = await runPreflight(config, {
      baseDir,
      running: runningProcess(dataDir) !== null,
    })
    terminal.out(values.json === true ? JSON.stringify(findings, null, 2) : findings.map(renderFinding).join('\n'))
    return findings.some(finding => finding.level === 'error') ? EXIT.finding : EXIT.ok
  },
}
