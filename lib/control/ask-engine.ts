import { connect, type Socket } from 'node:net'
import { Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import { LineSplitter } from './line-splitter.js'
import { parseAnswer, renderLine } from './messages.js'
import { findPlace } from './socket-place.js'

const MAX_ANSWER_BYTES = 256 * 1024 * 1024

export interface Question {
  readonly dataDir: string
  /** Name of the request: "reload", "recopy", "repair" … */
  readonly request: string
  readonly options?: Readonly<Record<string, unknown>>
  /** Told of each line of progress. */
  readonly onProgress?: (value: unknown) => void
  /** Hangs up; what was asked for may go on in the engine. */
  readonly signal?: AbortSignal
}

/**
 * Asks the running engine of a data_dir; resolves with the result. Rejects with the Failure that the engine answers; with
 * notRunning when none listens, and with answerLost when it ends, or the signal fires, before the answer is whole.
 */
export async function askEngine(question: Question): Promise<unknown> {
  const { dataDir, request, options = {}, onProgress, signal } = question
  const { path } = findPlace(dataDir)
  const socket = await connected(path, dataDir)
  const hangUp = (): void => void socket.destroy()
  signal?.addEventListener('abort', hangUp, { once: true })
  if (signal?.aborted) hangUp()
  try {
    socket.write(renderLine({ request, options }))
    const splitter = new LineSplitter(MAX_ANSWER_BYTES)
    for await (const bytes of socket) {
      const lines = splitter.take(bytes as Buffer)
      if (lines === null) throw lost(request, `it has more than ${MAX_ANSWER_BYTES} bytes in a line`)
      for (const line of lines) {
        const answer = parseAnswer(line)
        if ('result' in answer) return answer.result
        if ('progress' in answer) onProgress?.(answer.progress)
        else {
          const { kind, message, advice } = answer.failure
          throw new Failure(kind, message, { advice })
        }
      }
    }
    throw lost(request, 'it ended')
  } catch (error) {
    if (error instanceof Failure) throw error
    throw lost(request, errorText(error), error)
  } finally {
    signal?.removeEventListener('abort', hangUp)
    socket.destroy()
  }
}

/** Whether anybody answers at a socket. */
export async function isAnswered(path: string): Promise<boolean> {
  try {
    const socket = await opened(path)
    socket.destroy()
    return true
  } catch (error) {
    // Nobody listens, or there is no socket: what else keeps a connection away is met when one is made.
    if (errorCode(error) !== null) return false
    throw error
  }
}

async function connected(path: string, dataDir: string): Promise<Socket> {
  try {
    return await opened(path)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR')
      throw new Failure('notRunning', `no engine runs for ${dataDir}`, { cause: error })
    if (code === 'EACCES')
      throw new Failure('requestRefused', `${path} belongs to another user: ${errorText(error)}`, {
        cause: error,
        advice: 'Ask as the user that the engine runs as.',
      })
    throw new Failure('answerLost', `${path}: ${errorText(error)}`, { cause: error })
  }
}

function opened(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

function lost(request: string, why: string, cause?: unknown): Failure {
  return new Failure('answerLost', `the engine was asked to ${request}, but its answer was lost: ${why}`, { cause })
}
