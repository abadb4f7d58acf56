import type { AdmittedChunk } from './copy-plan.js'

/** What has become of chunks that earlier runs admitted. */
export interface JudgedChunks {
  /** In the target, and the position says so: the frontier is behind them. */
  readonly done: readonly AdmittedChunk[]
  /** Their epoch is read again, and so they go in again. */
  readonly again: readonly AdmittedChunk[]
  /** To be read again from the frontier. */
  readonly void: readonly AdmittedChunk[]
}

/**
 * To be asked at each start. That the notes of what is void are gone must be on disk before the stream begins: their
 * epochs' ordinals are given to other epochs. Chunks of a table are given, and judged, in the order of their keys: behind
 * one that is not in, none is done.
 */
export function judgeAdmitted(
  chunks: readonly AdmittedChunk[],
  resumed: { readonly durable: number; readonly scripts: readonly { readonly epoch: number }[] },
): JudgedChunks {
  const judged = { done: [] as AdmittedChunk[], again: [] as AdmittedChunk[], void: [] as AdmittedChunk[] }
  const reached = new Map<string, 'done' | 'again' | 'void'>()
  for (const chunk of chunks) {
    const name = `${chunk.schema}.${chunk.table}`
    const before = reached.get(name) ?? 'done'
    const isAgain = resumed.scripts.some(({ epoch }) => epoch === chunk.epoch) && chunk.spool !== null
    const isDone = chunk.epoch <= resumed.durable
    const state = before === 'done' && isDone ? 'done' : before !== 'void' && isAgain ? 'again' : 'void'
    reached.set(name, state)
    judged[state].push(chunk)
  }
  return judged
}
