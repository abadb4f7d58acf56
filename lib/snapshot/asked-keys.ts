import type { KeyBound } from '../model/chunk.js'
import { asFailure } from '../model/failure.js'
import type { KeysRead } from './copy-orders.js'
import type { CopySource } from './copy-source.js'
import type { TableCopy } from './gate.js'

/** So often a read that the stream made void is tried again. */
const TRIES = 20

/**
 * Reads the rows of these keys and has them go in, and the others deleted, where the stream has passed what the read may have
 * seen. Resolves when that is durable.
 */
export async function readAskedKeys(
  source: CopySource,
  gate: TableCopy,
  keys: readonly KeyBound[],
  signal: AbortSignal,
): Promise<KeysRead> {
  const routes = await source.ready()
  const asked = keys.map(key => {
    const deleteImage = routes.deleteImage(key)
    const texts: string[] = []
    routes.keyTexts(deleteImage, 0, deleteImage.length, texts)
    return { text: texts[0]!, deleteImage }
  })
  const reader = await source.reader()
  try {
    for (let tries = 1; ; tries++) {
      const window = await gate.window()
      try {
        const chunk = await reader.readKeys(keys, window.at, AbortSignal.any([signal, window.voided]))
        await source.stillFits()
        await window.admitKeys(chunk, asked)
        return { found: chunk.rows, gone: keys.length - chunk.rows }
      } catch (error) {
        window.abandon()
        const isVoid = window.voided.aborted || asFailure(error).kind === 'chunkVoid'
        if (signal.aborted || !isVoid || tries >= TRIES) throw error
      }
    }
  } finally {
    await reader.close()
  }
}
