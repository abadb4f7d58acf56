import { parseArgs } from 'node:util'
import { lockDataDir } from '../../lib/checkpoint/data-dir.js'
import { readStopMark, removeStopMark } from '../../lib/checkpoint/stop-mark.js'
import { Engine } from '../../lib/cli/engine.js'
import { readConfig } from '../../lib/cli/read-config.js'
import type { Happening } from '../../lib/model/observer.js'

/**
 * `run`, but the process kills itself with SIGKILL at a place given by KILL_AT="step:n": the n-th time (from 1) this step of
 * an epoch happens. The step `fsync` is the turn of the event loop behind `saving`, when the writing is under way. A kind of
 * happening stands for a step too; with "reloading>" in front only what follows the switch to another configuration counts.
 */
const { values } = parseArgs({ options: { config: { type: 'string', short: 'c' } }, strict: true })
const read = readConfig({ config: values.config ?? 'sync.toml' })
const lock = lockDataDir(read.dataDir)
process.once('exit', () => lock.release())
if (readStopMark(read.dataDir)?.by === 'failure') removeStopMark(read.dataDir)
process.exit(await new Engine(read, [{ name: 'killer', observe: killer(process.env.KILL_AT ?? '') }]).run())

function killer(killAt: string): (happening: Happening) => void {
  const isBehindSwitch = killAt.startsWith('reloading>')
  const [step = '', times = '1'] = killAt.slice(killAt.indexOf('>') + 1).split(':')
  const watched = step === 'fsync' ? 'saving' : step
  let left = Number(times)
  let counts = !isBehindSwitch
  return happening => {
    if (happening.kind === 'reloading') counts = true
    if (!counts || (happening.kind === 'step' ? happening.step : happening.kind) !== watched) return
    left -= 1
    if (left !== 0) return
    if (step === 'fsync') setImmediate(die)
    else die()
  }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}
