import { createServer, type Server, type Socket } from 'node:net'
import { asFailure, Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import { isAnswered } from './ask-engine.js'
import { LineSplitter } from './line-splitter.js'
import { type ControlAnswer, parseRequest, renderLine } from './messages.js'
import { findPlace, makePlace, notePlace, removePlace, type SocketPlace } from './socket-place.js'

/** A request that is being answered. */
export interface Exchange {
  /** Sends a line of progress; any JSON value. It is left out for an asker that does not read. */
  progress(value: unknown): void
  /** Fires when the asker has gone, or the engine ends. */
  readonly gone: AbortSignal
}

/** Carries out a request; resolves with the result, any JSON value. What it rejects with is told as kind, message and advice. */
export type RequestHandler = (options: Readonly<Record<string, unknown>>, exchange: Exchange) => Promise<unknown>

/** What the engine answers at this moment, by the request's name. Parts add themselves while they can be asked. */
export type RequestHandlers = Map<string, RequestHandler>

export interface ControlOptions {
  readonly dataDir: string
  /** Takes secrets out of the text of failures. */
  readonly filter: (text: string) => string
}

const MAX_REQUEST_BYTES = 16 * 1024 * 1024
const REQUEST_WITHIN_MS = 10_000
const MAX_UNREAD_BYTES = 1024 * 1024

/** File systems that carry no sockets answer so. */
const NO_SOCKETS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENAMETOOLONG'])

/**
 * The engine's side of its local control channel: a Unix domain socket of this user alone. Each connection carries one
 * request, a line of JSON, and its answer: lines of progress, then a result or a failure.
 */
export class ControlServer {
  readonly #options: ControlOptions
  readonly #handlers: RequestHandlers
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #place: SocketPlace | null = null

  private constructor(options: ControlOptions, handlers: RequestHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#server = createServer(socket => this.#serve(socket))
  }

  /**
   * Listens for a data_dir that this process holds; a socket that nobody answers at is removed. `handlers` is looked at
   * with each request. Rejects with alreadyRunning when another engine answers there, and with configInvalid when no
   * socket can be made.
   */
  static async open(options: ControlOptions, handlers: RequestHandlers): Promise<ControlServer> {
    const { dataDir } = options
    const old = findPlace(dataDir)
    if (await isAnswered(old.path))
      throw new Failure('alreadyRunning', `another engine answers for ${dataDir} at ${old.path}`)
    const control = new ControlServer(options, handlers)
    try {
      removePlace(old)
      await control.#listen(makePlace(dataDir)).catch(error => {
        if (!NO_SOCKETS.has(errorCode(error) ?? '')) throw error
        return control.#listen(makePlace(dataDir, true))
      })
    } catch (error) {
      throw new Failure('configInvalid', `no socket can be made for ${dataDir}: ${errorText(error)}`, {
        cause: error,
        advice: 'Check that data_dir and the folder for temporary files are writable; loading goes on without it.',
      })
    }
    return control
  }

  /** Where it listens. */
  get path(): string {
    return this.#place!.path
  }

  /** Ends every exchange; no request is taken any more. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) {
      this.#end(socket, lostWithEngine())
      socket.destroySoon()
    }
    await closed
    if (this.#place === null) return
    removePlace(this.#place)
    notePlace(this.#options.dataDir, { ...this.#place, elsewhere: false })
  }

  async #listen(place: SocketPlace): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      // The file is made in this call: at no moment may others connect.
      const mask = process.umask(0o177)
      try {
        this.#server.listen(place.path, () => {
          this.#server.off('error', reject)
          resolve()
        })
      } finally {
        process.umask(mask)
      }
    })
    notePlace(this.#options.dataDir, place)
    this.#place = place
  }

  #serve(socket: Socket): void {
    const gone = new AbortController()
    this.#sockets.add(socket)
    const splitter = new LineSplitter(MAX_REQUEST_BYTES)
    const tooLate = setTimeout(() => {
      this.#end(socket, refused('no request came in time'))
    }, REQUEST_WITHIN_MS)
    let asked = false
    socket.on('data', bytes => {
      if (asked) return
      const lines = splitter.take(bytes)
      if (lines?.length === 0) return
      asked = true
      clearTimeout(tooLate)
      if (lines === null) this.#end(socket, refused(`a request has at most ${MAX_REQUEST_BYTES} bytes`))
      else void this.#answer(socket, lines[0]!, gone.signal)
    })
    socket.on('end', () => gone.abort())
    // Whoever is cut off finds no result; what is being done goes on, or ends by `gone`.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(tooLate)
      this.#sockets.delete(socket)
      gone.abort()
    })
  }

  async #answer(socket: Socket, line: string, gone: AbortSignal): Promise<void> {
    try {
      const { request, options } = parseRequest(line)
      const handler = this.#handlers.get(request)
      if (handler === undefined) throw this.#unknown(request)
      const progress = (value: unknown): void => {
        if (socket.writable && socket.writableLength < MAX_UNREAD_BYTES) socket.write(renderLine({ progress: value }))
      }
      const result = await handler(options, { progress, gone })
      this.#end(socket, { result: result ?? null })
    } catch (error) {
      const { kind, message, advice } = asFailure(error)
      const { filter } = this.#options
      this.#end(socket, { failure: { kind, message: filter(message), advice: filter(advice) } })
    }
  }

  #unknown(request: string): Failure {
    const names = [...this.#handlers.keys()].sort().join(', ')
    return new Failure(
      'requestRefused',
      `the engine cannot be asked to ${JSON.stringify(request)} now; what it answers: ${names || 'nothing yet'}`,
      { advice: 'Ask again when it streams (`mysql-sr-sync status`); behind an upgrade, restart it first.' },
    )
  }

  #end(socket: Socket, answer: ControlAnswer): void {
    if (socket.writable) socket.end(renderLine(answer))
  }
}

function lostWithEngine(): ControlAnswer {
  const { kind, message, advice } = new Failure('answerLost', 'the engine ended before it had answered')
  return { failure: { kind, message, advice } }
}

function refused(message: string): ControlAnswer {
  const { kind, advice } = new Failure('requestRefused', message)
  return { failure: { kind, message, advice } }
}
