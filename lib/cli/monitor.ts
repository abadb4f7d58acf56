import { existsSync } from 'node:fs'
import { runningProcess } from '../checkpoint/data-dir.js'
import { readStopMark, writeStopMark } from '../checkpoint/stop-mark.js'
import { asFailure, FAILURES } from '../model/failure.js'
import type { Log } from '../observe/log.js'
import { readStatusFile } from '../observe/status-file.js'
import { CONFIG_FLAG, type Command, EXIT, numberFlag, type Terminal } from './command.js'
import { endProcess, type Launch, launchEngine } from './engine-process.js'
import { openFileLog } from './open-log.js'
import { readConfig, readWorkplace } from './read-config.js'
import { judgeRestart, type Restarts, readRestarts, sceneOf, writeRestarts } from './restarts.js'
import { tellLaunch } from './start.js'

/** A process that hangs is unlikely to listen. */
const STALLED_GRACE_MS = 5000

export const monitor: Command = {
  name: 'monitor',
  summary: 'Starts it again when it died or hangs; for cron.',
  details:
    'Silent, with exit code 0, while all is well. It leaves alone what was stopped on purpose (./stop.sh) or has failed in a way\n' +
    'that a restart does not mend; the reason of such a failure is shown once. After five starts in a row that brought no\n' +
    'progress it waits between tries, longer and longer, up to an hour; this too is shown once, and ./start.sh ends it.\n' +
    'Several monitors at once do no harm.',
  flags: {
    ...CONFIG_FLAG,
    'stall-after': {
      type: 'string',
      value: 'S',
      text: 'Seconds without a sign of life until it counts as hanging (default: 60).',
    },
    timeout: { type: 'string', value: 'S', text: 'Seconds to wait for a started one to stream (default: 30).' },
  },
  async run(values, terminal) {
    const stallMs = 1000 * numberFlag(values, 'stall-after', 60, { min: 1, max: 86_400 })
    const waitMs = 1000 * numberFlag(values, 'timeout', 30, { min: 0, max: 86_400 })
    const place = readWorkplace(values)
    const log = openFileLog(place, [])
    const { dataDir } = place
    const running = runningProcess(dataDir)
    if (running !== null) {
      const silentMs = Date.now() - lastSignOfLife(dataDir, running)
      if (silentMs < stallMs) return EXIT.ok
      const message = `pid ${running.pid} has shown no life for ${Math.round(silentMs / 1000)} s: ending it and starting anew`
      tell(log, terminal, message)
      await endProcess(running, STALLED_GRACE_MS, () =>
        tell(log, terminal, `pid ${running.pid} does not listen: killing it`),
      )
    }
    const mark = readStopMark(dataDir)
    if (mark?.by === 'operator') return EXIT.ok
    if (mark?.by === 'failure') {
      if (mark.told === true) return EXIT.ok
      writeStopMark(dataDir, { ...mark, told: true })
      terminal.err(`failed and left alone: ${mark.message}\n${mark.advice}`)
      log.warn(`monitor: failed and left alone: ${mark.message}`, mark.advice)
      return mark.exitCode
    }
    const status = readStatusFile(dataDir)?.status ?? null
    const verdict = judgeRestart(readRestarts(dataDir), sceneOf(status, Date.now()))
    if ('wait' in verdict) return tellWait(verdict, place, log, terminal)
    const read = readConfig(values)
    if (running === null) tell(log, terminal, 'not running: starting it')
    note(dataDir, verdict.start, log)
    const launch = await launchEngine({ ...read, configFile: read.file, waitMs })
    if (launch.outcome === 'ended' && launch.exitCode === FAILURES.alreadyRunning.exitCode) return EXIT.ok
    if (launch.outcome === 'ended') note(dataDir, { ...verdict.start, lastEnd: endOf(launch) }, log)
    // An operator's stop that came in between found nothing to stop; it counts all the same.
    const started = runningProcess(dataDir)
    if (launch.outcome !== 'ended' && started !== null && readStopMark(dataDir)?.by === 'operator') {
      await endProcess(started, STALLED_GRACE_MS, () => undefined)
      tell(log, terminal, 'stopped on purpose meanwhile: ended it again')
      return EXIT.ok
    }
    return launch.outcome === 'waiting' ? EXIT.ok : tellLaunch(launch, place, terminal)
  },
}

/** Ms since 1970. A process too young to have written its status counts from the moment it took the folder. */
function lastSignOfLife(dataDir: string, running: { readonly pid: number; readonly sinceMs: number }): number {
  const file = readStatusFile(dataDir)
  return file?.status.pid === running.pid ? Math.max(file.aliveAtMs, running.sinceMs) : running.sinceMs
}

function tellWait(
  { wait, untilMs }: { readonly wait: Restarts; readonly untilMs: number },
  place: { readonly dataDir: string; readonly logFile: string },
  log: Log,
  terminal: Terminal,
): number {
  if (wait.told) return EXIT.ok
  const until = new Date(untilMs).toISOString()
  const end = wait.lastEnd ?? 'the last one ended without a word: killed from outside, out of memory, or a crash'
  const message = `${wait.starts} starts in a row brought no progress (${end}): waiting until ${until}, then longer and longer, up to an hour`
  const advice = `Look at ${place.logFile} and the system's log (dmesg); ./start.sh tries at once.`
  terminal.err(`${message}\n${advice}`)
  log.warn(`monitor: ${message}`, advice)
  note(place.dataDir, { ...wait, told: true }, log)
  return EXIT.finding
}

function endOf(launch: Extract<Launch, { outcome: 'ended' }>): string {
  return launch.signal === null
    ? `the last one: exit code ${launch.exitCode}`
    : `the last one: killed by ${launch.signal}`
}

/** A folder that does not take the note keeps nobody from being started; it is the count that is lost. */
function note(dataDir: string, restarts: Restarts, log: Log): void {
  try {
    if (existsSync(dataDir)) writeRestarts(dataDir, restarts)
  } catch (error) {
    const { message, advice } = asFailure(error)
    log.warn(`monitor: starts without progress are not counted: ${message}`, advice)
  }
}

function tell(log: Log, terminal: Terminal, message: string): void {
  terminal.err(message)
  log.warn(`monitor: ${message}`, '')
}
