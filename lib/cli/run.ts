import { lockDataDir } from '../checkpoint/data-dir.js'
import { readStopMark, removeStopMark } from '../checkpoint/stop-mark.js'
import { CONFIG_FLAG, type Command } from './command.js'
import { readConfig } from './read-config.js'
import { PLAN_FLAGS, tellPlan } from './snapshot-plan.js'

export const run: Command = {
  name: 'run',
  summary: 'Runs in the foreground until SIGTERM or SIGINT.',
  details:
    'The log goes to the terminal, or into log_file when there is none. SIGTERM and SIGINT let it load what it has read, save\n' +
    'the position and exit with 0; a second one ends it at once.',
  flags: { ...CONFIG_FLAG, ...PLAN_FLAGS },
  async run(values, terminal) {
    const read = readConfig(values)
    if (values['dry-run'] === true) return tellPlan(read.config, values, terminal)
    const lock = lockDataDir(read.dataDir)
    process.once('exit', () => lock.release())
    if (readStopMark(read.dataDir)?.by === 'failure') removeStopMark(read.dataDir)
    const { Engine } = await import('./engine.js')
    process.exit(await new Engine(read).run())
  },
}
