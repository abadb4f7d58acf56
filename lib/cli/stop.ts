import { existsSync } from 'node:fs'
import { runningProcess } from '../checkpoint/data-dir.js'
import { writeStopMark } from '../checkpoint/stop-mark.js'
import { formatPosition } from '../model/position.js'
import { readStatusFile } from '../observe/status-file.js'
import { CONFIG_FLAG, type Command, EXIT, numberFlag } from './command.js'
import { endProcess } from './engine-process.js'
import { readWorkplace } from './read-config.js'

export const stop: Command = {
  name: 'stop',
  summary: 'Stops it: loads what was read, saves the position, ends.',
  details:
    'Marks it as stopped on purpose, so that the monitor leaves it alone. Exit code 0, also when none runs. A process that has\n' +
    'not ended when the time is over is killed; it then reads again from the saved position at the next start.',
  flags: {
    ...CONFIG_FLAG,
    timeout: { type: 'string', value: 'S', text: 'Seconds until it is killed (default: 90).' },
  },
  async run(values, terminal) {
    const timeoutS = numberFlag(values, 'timeout', 90, { min: 0, max: 86_400 })
    const { dataDir } = readWorkplace(values)
    if (existsSync(dataDir)) writeStopMark(dataDir, { by: 'operator', atMs: Date.now() })
    const running = runningProcess(dataDir)
    if (running === null) {
      terminal.out('not running')
      return EXIT.ok
    }
    await endProcess(running, 1000 * timeoutS, () =>
      terminal.err(`pid ${running.pid} has not ended within ${timeoutS} s: killing it`),
    )
    const position = readStatusFile(dataDir)?.status.position ?? null
    terminal.out(`stopped: pid ${running.pid}${position === null ? '' : `, position ${formatPosition(position)}`}`)
    return EXIT.ok
  },
}
