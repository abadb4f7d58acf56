import type { KeyBound } from '../model/chunk.js'
import { asFailure } from '../model/failure.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import type { KeysRead } from './copy-orders.js'
import type { CopySource } from './copy-source.js'
import type { TableCopy } from './gate.js'
import type { SourceReader } from './whole-reader.js'
import type { AskedKey } from './window.js'

/** So often a read that the stream made void is tried again. */
const TRIES = 20
/** Keys of one read. */
const AT_ONCE = 2_000

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
  const reader = await source.reader()
  const sum = { found: 0, gone: 0 }
  try {
    for (let n = 0; n < keys.length; n += AT_ONCE) {
      const part = keys.slice(n, n + AT_ONCE)
      const asked = part.map(key => askedKey(key, routes))
      const found = await readPart({ source, gate, reader }, part, asked, signal)
      sum.found += found
      sum.gone += part.length - found
    }
    return sum
  } finally {
    await reader.close()
  }
}

function askedKey(key: KeyBound, routes: CopyRoutes): AskedKey {
  const deleteImage = routes.deleteImage(key)
  const texts: string[] = []
  routes.keyTexts(deleteImage, 0, deleteImage.length, texts)
  return { text: texts[0]!, deleteImage }
}

/** The number of rows that were found. */
async function readPart(
  { source, gate, reader }: { readonly source: CopySource; readonly gate: TableCopy; readonly reader: SourceReader },
  keys: readonly KeyBound[],
  asked: readonly AskedKey[],
  signal: AbortSignal,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    const window = await gate.window()
    try {
      const chunk = await reader.readKeys(keys, window.at, AbortSignal.any([signal, window.voided]))
      const { rows } = chunk
      await source.stillFits()
      await window.admitKeys(chunk, asked)
      return rows
    } catch (error) {
      window.abandon()
      const isVoid = window.voided.aborted || asFailure(error).kind === 'chunkVoid'
      if (signal.aborted || !isVoid || tries >= TRIES) throw error
    }
  }
}
