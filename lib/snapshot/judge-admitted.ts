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
 * epochs' ordinals are given to other epochs.
 * `resumed`: the newest epoch that is in, and the epochs that are read again.
 */
export function judgeAdmitted(
  chunks: readonly AdmittedChunk[],
  resumed: { readonly epoch: number; readonly scripts: readonly { readonly epoch: number }[] },
): JudgedChunks {
  const judged = { done: [] as AdmittedChunk[], again: [] as AdmittedChunk[], void: [] as AdmittedChunk[] }
  const inVain = new Set<string>()
  for (const chunk of chunks) {
    const name = `${chunk.schema}.${chunk.table}`
    const isAgain = resumed.scripts.some(({ epoch }) => epoch === chunk.epoch)
    if (!isAgain && chunk.epoch <= resumed.epoch) judged.done.push(chunk)
    // Behind one that is read again the next ones are not in the order of their keys.
    else if (isAgain && chunk.spool !== null && !inVain.has(name)) judged.again.push(chunk)
    else {
      inVain.add(name)
      judged.void.push(chunk)
    }
  }
  return judged
}
