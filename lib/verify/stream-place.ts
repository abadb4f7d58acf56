import { setTimeout as sleep } from 'node:timers/promises'
import { runningProcess } from '../checkpoint/data-dir.js'
import { MasterInfoFile } from '../checkpoint/master-info.js'
import { comparePositions, formatPosition, type Position } from '../model/position.js'
import { readStatusFile } from '../observe/status-file.js'

/** Up to where everything is visible in the target. Null: not known. */
export type VisibleUpTo = () => Promise<{ readonly position: Position | null; readonly running: boolean }>

const POLL_MS = 50

/** As the engine of a data_dir says; when none runs, as it left off. */
export function placeOf(dataDir: string): VisibleUpTo {
  return async () => {
    const running = runningProcess(dataDir)
    if (running !== null) {
      const status = readStatusFile(dataDir)?.status ?? null
      return { running: true, position: status?.pid === running.pid ? status.position : null }
    }
    const saved = await new MasterInfoFile(dataDir).load()
    const known = saved !== null && saved.binName !== null && saved.binPos !== null && saved.serverUuid !== null
    if (!known) return { running: false, position: null }
    const { binName, binPos, gtidSet, serverUuid } = saved
    return {
      running: false,
      position: { binName: binName!, binPos: binPos!, gtidSet: gtidSet ?? '', serverUuid: serverUuid! },
    }
  }
}

/** Waits until a position of the source is visible in the target; why not, as a sentence, when it does not come to be. */
export async function waitForVisible(
  place: VisibleUpTo,
  head: Position,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    const { position, running } = await place()
    if (position !== null) {
      if (position.serverUuid !== head.serverUuid)
        return `the engine's position is of server ${position.serverUuid}, the source is ${head.serverUuid}`
      if (comparePositions(position, head) >= 0) return null
    }
    const at = position === null ? 'at no position yet' : `at ${formatPosition(position)}`
    if (!running) return `the engine does not run; it is ${at}, and the source at ${formatPosition(head)}`
    if (performance.now() > deadline)
      return `the engine is ${at} after ${Math.round(timeoutMs / 1000)} s, and the source was at ${formatPosition(head)}`
    await sleep(POLL_MS, undefined, { signal })
  }
}
