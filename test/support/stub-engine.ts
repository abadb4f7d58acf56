import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockDataDir } from '../../lib/checkpoint/data-dir.js'
import { writeStopMark } from '../../lib/checkpoint/stop-mark.js'
import { readWorkplace } from '../../lib/cli/read-config.js'
import { asFailure, Failure } from '../../lib/model/failure.js'
import { StatusBoard } from '../../lib/observe/status.js'
import { readStatusFile, StatusFile } from '../../lib/observe/status-file.js'
import { happenings, positionAt } from './happenings.js'

// Stands in for `mysql-sr-sync run -c FILE`: the same lock, status, marks and exit codes, without a source or a target.
// The file `mode` beside the configuration says how it behaves: stream, refuse, retry, deaf (streams, ignores SIGTERM),
// crash (is killed before it has done anything), or drop (comes further by a transaction, then is killed).
const place = readWorkplace({ config: process.argv[4] })
const modeFile = join(place.baseDir, 'mode')
const mode = existsSync(modeFile) ? readFileSync(modeFile, 'utf8') : 'stream'

try {
  const lock = lockDataDir(place.dataDir)
  const board = new StatusBoard({ version: 'stub', pid: process.pid }, text => text, Date.now)
  const story = happenings(Date.now())
  if (mode === 'refuse') {
    const failure = new Failure('sourceDenied', 'Access denied for user sync')
    writeStopMark(place.dataDir, {
      by: 'failure',
      atMs: Date.now(),
      kind: failure.kind,
      message: failure.message,
      advice: failure.advice,
      exitCode: failure.exitCode,
    })
    lock.release()
    throw failure
  }
  if (mode === 'crash') process.kill(process.pid, 'SIGKILL')
  board.observe(story.starting)
  if (mode === 'drop') {
    const { binPos } = readStatusFile(place.dataDir)?.status.position ?? { binPos: 4 }
    board.observe({ ...story.advanced, position: positionAt(binPos + 100) })
    new StatusFile({ dataDir: place.dataDir }, () => board.snapshot(), console.error).close()
    process.kill(process.pid, 'SIGKILL')
  }
  board.observe(mode === 'retry' ? story.disconnected : story.connected)
  const file = new StatusFile({ dataDir: place.dataDir, everyMs: 100 }, () => board.snapshot(), console.error)
  process.on('SIGTERM', () => {
    if (mode === 'deaf') return
    board.observe(story.stopped)
    file.close()
    lock.release()
    process.exit(0)
  })
} catch (error) {
  const failure = asFailure(error)
  console.error(failure.message)
  process.exit(failure.exitCode)
}
