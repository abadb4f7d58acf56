import { connect, type Socket } from 'node:net'

/** Who takes the bytes of a socket: they are written into `room`, and `added` is told how many came. */
export interface ByteTaker {
  /** At least DRIVER_BYTES long. */
  room(): Buffer
  added(bytes: number): void
}

/** Answers of the driver's handshake and of its few statements are short. */
const DRIVER_BYTES = 16 * 1024

/**
 * A TCP socket that reads into memory of its reader (`onread` of node:net), where a stream would make a new buffer for every
 * piece and pass it through several calls. Until `takeOver` it is a socket as the driver knows it and emits "data".
 */
export class DirectSocket {
  readonly socket: Socket
  readonly #driverRoom = Buffer.allocUnsafeSlow(DRIVER_BYTES)
  /** What the socket reads into. */
  #room: Buffer = this.#driverRoom
  #taker: ByteTaker | null = null

  constructor(address: { readonly host: string; readonly port: number }) {
    this.socket = connect({
      ...address,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer: () => {
          this.#room = this.#taker === null ? this.#driverRoom : this.#taker.room()
          return this.#room
        },
        callback: bytes => {
          this.#read(bytes)
          return true
        },
      },
    })
  }

  /** From now on bytes go to `taker` alone. */
  takeOver(taker: ByteTaker): void {
    this.#taker = taker
  }

  #read(bytes: number): void {
    const taker = this.#taker
    if (taker === null) this.socket.emit('data', Buffer.from(this.#room.subarray(0, bytes)))
    else {
      // The first piece behind `takeOver` may have come into the driver's room.
      if (this.#room === this.#driverRoom) this.#room.copy(taker.room(), 0, 0, bytes)
      taker.added(bytes)
    }
  }
}
