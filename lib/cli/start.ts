import { lockDataDir, runningProcess } from '../checkpoint/data-dir.js'
import { readStopMark, removeStopMark } from '../checkpoint/stop-mark.js'
import { Failure } from '../model/failure.js'
import { formatPosition } from '../model/position.js'
import { CONFIG_FLAG, type Command, EXIT, numberFlag, type Terminal } from './command.js'
import { type Launch, launchEngine } from './engine-process.js'
import { readConfig } from './read-config.js'
import { forgetRestarts } from './restarts.js'
import { PLAN_FLAGS, tellPlan } from './snapshot-plan.js'

export const start: Command = {
  name: 'start',
  summary: 'Starts it in the background and waits until it streams.',
  details:
    'Exit codes: 0 streaming; 1 running, but not streaming when the time was over; 3 one runs already; otherwise those of the\n' +
    'failure that ended it, with its reason.',
  flags: {
    ...CONFIG_FLAG,
    timeout: { type: 'string', value: 'S', text: 'Seconds to wait for it to stream (default: 60).' },
    ...PLAN_FLAGS,
  },
  async run(values, terminal) {
    const waitMs = 1000 * numberFlag(values, 'timeout', 60, { min: 0, max: 86_400 })
    const read = readConfig(values)
    if (values['dry-run'] === true) return tellPlan(read.config, values, terminal)
    const running = runningProcess(read.dataDir)
    if (running !== null) {
      throw new Failure('alreadyRunning', `runs already: pid ${running.pid}`, {
        advice: 'Stop it first with ./stop.sh.',
      })
    }
    // Taken and given back: what would keep the engine from its folder is told here, not in a log.
    lockDataDir(read.dataDir).release()
    removeStopMark(read.dataDir)
    forgetRestarts(read.dataDir)
    const launch = await launchEngine({ ...read, configFile: read.file, waitMs })
    return tellLaunch(launch, read, terminal)
  },
}

/** Says how a launch went; resolves to the exit code. */
export function tellLaunch(
  launch: Launch,
  place: { readonly dataDir: string; readonly logFile: string },
  terminal: Terminal,
): number {
  switch (launch.outcome) {
    case 'streaming': {
      const { position, server } = launch.status
      terminal.out(
        `streaming: pid ${launch.pid}, ${server}, position ${position === null ? 'none' : formatPosition(position)}`,
      )
      return EXIT.ok
    }
    case 'waiting': {
      const error = launch.status?.last_error
      terminal.err(`running, but not streaming yet: pid ${launch.pid}; it goes on trying, see ${place.logFile}`)
      if (error) terminal.err(`${error.message}\n${error.advice}`)
      return EXIT.finding
    }
    case 'ended': {
      const mark = readStopMark(place.dataDir)
      if (mark?.by === 'failure') terminal.err(`failed: ${mark.message}\n${mark.advice}`)
      else if (launch.signal !== null) terminal.err(`killed by ${launch.signal}; see ${place.logFile}`)
      else terminal.err(`ended with exit code ${launch.exitCode}; see ${place.logFile}`)
      return launch.exitCode === 0 ? EXIT.finding : launch.exitCode
    }
  }
}
