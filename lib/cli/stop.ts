import { existsSync } from 'node:fs'
import { runningProcess } from '../checkpoint/data-dir.js'
import { writeStopMark } from '../checkpoint/stop-mark.js'
import { asFailure } from '../model/failure.js'
import { formatPosition } from '../model/position.js'
import { readStatusFile } from '../observe/status-file.js'
import { CONFIG_FLAG, type Command, EXIT, numberFlag, type Terminal } from './command.js'
import { endProcess } from './engine-process.js'
import { readWorkplace } from './read-config.js'

/** A stop that takes longer says what it waits for. */
const NOTICE_AFTER_MS = 3000

export const stop: Command = {
  name: 'stop',
  summary: 'Stops it: loads what was read, saves the position, ends.',
  details:
    'Marks it as stopped on purpose, so that the monitor leaves it alone. A process that has not ended when the time is over is\n' +
    'killed; it then reads again from the saved position at the next start. Exit codes: 0 none runs now; 1 the mark could not be\n' +
    'written.',
  flags: {
    ...CONFIG_FLAG,
    timeout: { type: 'string', value: 'S', text: 'Seconds until it is killed (default: 90).' },
  },
  async run(values, terminal) {
    const timeoutS = numberFlag(values, 'timeout', 90, { min: 0, max: 86_400 })
    const { dataDir } = readWorkplace(values)
    const marked = mark(dataDir, terminal)
    const running = runningProcess(dataDir)
    if (running === null) {
      terminal.out('not running')
      return marked ? EXIT.ok : EXIT.finding
    }
    const notice = setTimeout(() => terminal.err(whatItWaitsFor(dataDir, running.pid, timeoutS)), NOTICE_AFTER_MS)
    try {
      await endProcess(running, 1000 * timeoutS, () =>
        terminal.err(`pid ${running.pid} has not ended within ${timeoutS} s: killing it`),
      )
    } finally {
      clearTimeout(notice)
    }
    const position = readStatusFile(dataDir)?.status.position ?? null
    terminal.out(`stopped: pid ${running.pid}${position === null ? '' : `, position ${formatPosition(position)}`}`)
    return marked ? EXIT.ok : EXIT.finding
  },
}

/** Whether the mark that keeps the monitor away could be written. The process is stopped without it all the same. */
function mark(dataDir: string, terminal: Terminal): boolean {
  try {
    if (existsSync(dataDir)) writeStopMark(dataDir, { by: 'operator', atMs: Date.now() })
    return true
  } catch (error) {
    const { message, advice } = asFailure(error)
    terminal.err(`a monitor will start it again: it cannot be marked as stopped: ${message}\n${advice}`)
    return false
  }
}

/** What takes so long, from the status. */
function whatItWaitsFor(dataDir: string, pid: number, timeoutS: number): string {
  const status = readStatusFile(dataDir)?.status
  const error = status?.state === 'retrying' && status.last_error ? `\n${status.last_error.message}` : ''
  return `pid ${pid} is still loading what it has read; it is killed ${timeoutS} s after the signal, which loses nothing${error}`
}
