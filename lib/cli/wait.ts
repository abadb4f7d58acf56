import { setTimeout as sleep } from 'node:timers/promises'
import { runningProcess } from '../checkpoint/data-dir.js'
import { comparePositions, formatPosition, type Position } from '../model/position.js'
import { readStatusFile } from '../observe/status-file.js'
import { CONFIG_FLAG, type Command, EXIT, numberFlag, type Terminal } from './command.js'
import { readConfig } from './read-config.js'

const POLL_MS = 50

export const wait: Command = {
  name: 'wait',
  summary: 'Waits until all that is in the source now is visible in StarRocks.',
  details:
    "Reads the end of the source's binlog once and waits until the position is there. Exit codes: 0 it is; 1 not in time, not\n" +
    'running, failed, or not for a halted table.',
  flags: { ...CONFIG_FLAG, timeout: { type: 'string', value: 'S', text: 'Seconds to wait (default: 60).' } },
  async run(values, terminal) {
    const timeoutS = numberFlag(values, 'timeout', 60, { min: 0, max: 604_800 })
    const { config, dataDir } = readConfig(values)
    const { askHeadPosition } = await import('../mysql/head-position.js')
    const { sourceAddress } = await import('../registry.js')
    const head: Position = await askHeadPosition(sourceAddress(config))
    const deadline = Date.now() + 1000 * timeoutS
    for (;;) {
      const step = look(dataDir, head)
      if (step.done !== null) return tell(terminal, step.text, step.done)
      if (Date.now() > deadline) return tell(terminal, `not there within ${timeoutS} s: ${step.text}`, EXIT.finding)
      await sleep(POLL_MS)
    }
  },
}

export interface Step {
  /** Exit code, or null to go on waiting. */
  readonly done: number | null
  readonly text: string
}

/** How far the engine of a data_dir is from a position of the source. */
export function look(dataDir: string, head: Position): Step {
  const running = runningProcess(dataDir)
  const status = readStatusFile(dataDir)?.status ?? null
  if (running === null) {
    const reason =
      status?.state === 'failed' && status.last_error
        ? `: ${status.last_error.message}\n${status.last_error.advice}`
        : ''
    return { done: EXIT.finding, text: `not running${reason}` }
  }
  const position = status?.pid === running.pid ? status.position : null
  if (position === null || status === null) return { done: null, text: 'no position yet' }
  if (position.serverUuid !== head.serverUuid) {
    return {
      done: EXIT.finding,
      text: `the position is of server ${position.serverUuid}, the source is ${head.serverUuid}`,
    }
  }
  if (comparePositions(position, head) >= 0) {
    const text = `visible up to ${formatPosition(position)}`
    const halted = status.halted ?? []
    if (halted.length === 0) return { done: EXIT.ok, text }
    const names = halted.map(({ source }) => source).join(', ')
    return halted.some(table => table.catching_up)
      ? { done: null, text: `${text}; ${names} is being caught up` }
      : { done: EXIT.finding, text: `${text}, but not ${names}: halted; see mysql-sr-sync halted list` }
  }
  const error = status.state === 'retrying' && status.last_error ? `; ${status.last_error.message}` : ''
  return {
    done: null,
    text: `${status.state} at ${formatPosition(position)}, the source was at ${formatPosition(head)}${error}`,
  }
}

function tell(terminal: Terminal, text: string, code: number): number {
  if (code === EXIT.ok) terminal.out(text)
  else terminal.err(text)
  return code
}
