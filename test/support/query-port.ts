import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/**
 * An FE's query port, as far as a client's errors go: login (or its refusal), one fixed row `V = 3.5.2-abc` for any query,
 * `FAIL <number> <text>` for an error of the server, `LOSE` for a lost connection, `HANG` for no answer.
 */
export class QueryPort {
  readonly asked: string[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(refusal: string | null) {
    this.#server = createServer(socket => {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      let greeted = false
      socket.on('data', (bytes: Buffer) => {
        if (!greeted) {
          greeted = true
          socket.write(packet(2, refusal === null ? OK : errorPayload(1045, refusal)))
          return
        }
        // Requests of these tests are far below the size at which one would arrive in pieces.
        if (bytes[4] !== COM_QUERY) return socket.destroy()
        this.#answer(socket, bytes.subarray(5).toString('utf8'))
      })
      socket.write(packet(0, greeting()))
    })
  }

  static async start(refusal: string | null): Promise<QueryPort> {
    const port = new QueryPort(refusal)
    await new Promise<void>(resolve => port.#server.listen(0, '127.0.0.1', resolve))
    return port
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  #answer(socket: Socket, sql: string): void {
    this.asked.push(sql)
    const refusal = /^FAIL (\d+) (.*)$/.exec(sql)
    if (sql === 'HANG') return
    if (sql === 'LOSE') socket.destroy()
    else if (refusal !== null) socket.write(packet(1, errorPayload(Number(refusal[1]), refusal[2]!)))
    else
      socket.write(
        Buffer.concat([[1], columnPayload('V'), EOF, text('3.5.2-abc'), EOF].map((p, i) => packet(i + 1, p))),
      )
  }
}

const COM_QUERY = 3
const OK = [0, 0, 0, 2, 0, 0, 0]
const EOF = [0xfe, 0, 0, 2, 0]

function packet(sequence: number, payload: readonly number[]): Buffer {
  const { length } = payload
  return Buffer.from([length & 0xff, length >> 8, 0, sequence, ...payload])
}

/** Handshake v10 with the capabilities an FE advertises: 4.1 protocol, secure connection, plugin auth; no DEPRECATE_EOF. */
function greeting(): number[] {
  const nul = (value: string) => [...Buffer.from(value), 0]
  return [
    10,
    ...nul('8.0.33'),
    ...[1, 0, 0, 0],
    ...nul('abcdefgh'),
    ...[0x0d, 0xa2],
    45,
    ...[2, 0],
    ...[0x08, 0],
    21,
    ...new Array(10).fill(0),
    ...nul('ijklmnopqrst'),
    ...nul('mysql_native_password'),
  ]
}

function errorPayload(code: number, message: string): number[] {
  return [0xff, code & 0xff, code >> 8, ...Buffer.from(`#HY000${message}`)]
}

function text(value: string): number[] {
  return [value.length, ...Buffer.from(value)]
}

/** Column definition of a VARCHAR in utf8mb4. */
function columnPayload(name: string): number[] {
  return [...text('def'), 0, 0, 0, ...text(name), ...text(name), 0x0c, 45, 0, 80, 0, 0, 0, 253, 0, 0, 0, 0, 0]
}
