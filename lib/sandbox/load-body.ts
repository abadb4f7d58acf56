import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { LoadError } from './load-error.js'
import type { LoadRequest } from './load-request.js'

const MAX_BODY_BYTES = 2_000_000_000

/** The client went away, or was cut off, before the whole body had arrived. */
export class BodyCut extends Error {}

/**
 * Hands out a request's body chunk by chunk. Throws BodyCut when it ends before its Content-Length or its last chunk.
 * `cut` is asked at every chunk; when it says so the socket is dropped.
 */
async function* bodyChunks(req: IncomingMessage, cut: () => boolean): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      if (cut()) {
        req.destroy()
        throw new BodyCut('cut off by a fault')
      }
      yield chunk
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') throw new BodyCut(error.message)
    throw error
  }
  if (!req.complete) throw new BodyCut("receive body don't equal with body bytes")
}

/** The whole body in one buffer. Throws a LoadError when it is over 2 GB, BodyCut as `bodyChunks` does. */
export async function readBody(req: IncomingMessage, cut: () => boolean): Promise<Buffer> {
  const announced = Number(req.headers['content-length'] ?? Number.NaN)
  if (announced > MAX_BODY_BYTES) throw bodyTooLarge(announced)
  if (Number.isNaN(announced)) {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of bodyChunks(req, cut)) {
      bytes += chunk.length
      if (bytes > MAX_BODY_BYTES) throw bodyTooLarge(bytes)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }
  const body = Buffer.allocUnsafeSlow(announced)
  let at = 0
  for await (const chunk of bodyChunks(req, cut)) at += chunk.copy(body, at)
  return body
}

/** The body as the load's format names its compression. Throws a LoadError for damaged data. */
export async function decompress(body: Buffer, compression: LoadRequest['compression']): Promise<Buffer> {
  if (compression === 'none') return body
  const unpack = compression === 'gzip' ? promisify(gunzip) : promisify(inflate)
  try {
    return await unpack(body)
  } catch (error) {
    throw new LoadError(`The body cannot be decompressed as ${compression}: ${String(error)}`)
  }
}

function bodyTooLarge(bytes: number): LoadError {
  return new LoadError(
    `body size ${bytes} exceed limit: ${MAX_BODY_BYTES}, You can increase the limit by setting streaming_load_max_mb in be.conf.`,
  )
}

/** Counts the bytes and the row delimiters of a body as it comes and keeps nothing; a last row without delimiter counts. */
export async function countBody(
  req: IncomingMessage,
  rowDelimiter: Buffer,
  cut: () => boolean,
): Promise<{ readonly bytes: number; readonly rows: number }> {
  const last = rowDelimiter.at(-1)!
  let bytes = 0
  let rows = 0
  let ended = true
  for await (const chunk of bodyChunks(req, cut)) {
    bytes += chunk.length
    for (let at = chunk.indexOf(last); at >= 0; at = chunk.indexOf(last, at + 1)) rows++
    ended = chunk.at(-1) === last
  }
  return { bytes, rows: ended ? rows : rows + 1 }
}
