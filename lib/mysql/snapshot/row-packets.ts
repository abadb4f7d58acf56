import { Failure } from '../../model/failure.js'

/** What is done with the rows of an answer. */
export interface RowSink {
  /** A buffer of at least so many bytes. */
  take(bytes: number): Buffer
  /** The first `end` bytes of the buffer are so many whole rows, maybe none; the last begins at `last`. The buffer is the sink's again. */
  put(buffer: Buffer, end: number, rows: number, last: number): void
}

/** The longest payload of one packet; a packet of this length is continued by the next. */
const FULL = 0xffffff
const SERVER_MORE_RESULTS_EXISTS = 8
const OK = 0x00
const LOCAL_INFILE = 0xfb
const EOF = 0xfe
const ERR = 0xff
/** Up to here a loop is faster than a call. */
const SHORT = 100

type Part = 'first' | 'columns' | 'columnsEnd' | 'rows' | 'done'

/** The server's error as the drivers give it. */
export class ServerError extends Error {
  readonly errno: number

  constructor(errno: number, message: string) {
    super(message)
    this.name = 'ServerError'
    this.errno = errno
  }
}

/**
 * Takes the bytes of the answer to one COM_QUERY as they come from the socket, cuts them into packets and copies the payloads of
 * the row packets one behind the other: no object is made for a row or a value.
 * Source of the format: "COM_QUERY Response" and "MySQL Packets" in the MySQL client/server protocol.
 */
export class RowPackets {
  readonly #sink: RowSink
  #part: Part = 'first'
  #columnsLeft = 0
  /** Number of the next packet; the answer's first is 1. */
  #sequence = 1
  /** Bytes of a header that is not whole yet, then of the payload that is not. */
  readonly #header = Buffer.alloc(4)
  #headerBytes = 0
  #left = 0
  /** The payload that is being read is continued in the next packet. */
  #continues = false
  /** The packet under way is one of a row that began in this or an earlier packet. */
  #inRow = false
  /** Payload of a packet that is no row. */
  #other: Buffer[] = []
  #isFirstOfPayload = true
  #length = 0
  #buffer: Buffer
  #at = 0
  #rowStart = 0
  /** Where the last whole row begins. */
  #last = 0
  #rows = 0

  constructor(sink: RowSink) {
    this.#sink = sink
    this.#buffer = sink.take(0)
  }

  /** Whether the whole answer is there. */
  get isDone(): boolean {
    return this.#part === 'done'
  }

  /** Throws ServerError for the server's error, and streamBroken when the bytes are no answer to a SELECT. */
  take(chunk: Buffer): void {
    const end = chunk.length
    let at = 0
    while (at < end) {
      if (this.#part === 'done') throw broken('there is more behind its end')
      if (this.#left === 0 && this.#headerBytes === 0 && this.#part === 'rows' && !this.#inRow)
        at = this.#takeWholeRows(chunk, at)
      if (at < end) at = this.#left > 0 ? this.#takePayload(chunk, at) : this.#takeHeader(chunk, at)
    }
  }

  /** The fast way: rows that lie in the chunk with all their bytes. Stops before the first packet that is anything else. */
  #takeWholeRows(chunk: Buffer, from: number): number {
    const end = chunk.length
    let at = from
    let buffer = this.#buffer
    let capacity = buffer.length
    const from32 = new DataView(chunk.buffer, chunk.byteOffset, end)
    let into = new DataView(buffer.buffer, buffer.byteOffset, capacity)
    let to = this.#at
    let rows = this.#rows
    let last = this.#last
    let sequence = this.#sequence
    while (at + 5 <= end) {
      const length = chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16)
      const next = at + 4 + length
      if (next > end || length === 0 || length === FULL || chunk[at + 4]! >= EOF || chunk[at + 3]! !== sequence) break
      if (to + length > capacity) {
        this.#sink.put(buffer, to, rows, last)
        buffer = this.#sink.take(length)
        this.#buffer = buffer
        capacity = buffer.length
        into = new DataView(buffer.buffer, buffer.byteOffset, capacity)
        to = 0
        rows = 0
      }
      last = to
      // Four bytes at a time, up to three behind the row: they are written over by the next row or lie behind the last.
      if (length <= SHORT && next + 3 <= end && to + length + 3 <= capacity)
        for (let i = at + 4, j = to; i < next; i += 4, j += 4) into.setInt32(j, from32.getInt32(i))
      else chunk.copy(buffer, to, at + 4, next)
      to += length
      rows++
      sequence = (sequence + 1) & 0xff
      at = next
    }
    this.#at = to
    this.#rowStart = to
    this.#rows = rows
    this.#last = last
    this.#sequence = sequence
    return at
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const n = Math.min(4 - this.#headerBytes, chunk.length - at)
    chunk.copy(this.#header, this.#headerBytes, at, at + n)
    this.#headerBytes += n
    if (this.#headerBytes < 4) return at + n
    this.#headerBytes = 0
    const length = this.#header.readUIntLE(0, 3)
    if (this.#header[3] !== this.#sequence)
      throw broken(`packet ${this.#header[3]} came where ${this.#sequence} was to`)
    this.#sequence = (this.#sequence + 1) & 0xff
    this.#continues = length === FULL
    this.#left = length
    this.#length = length
    if (length === 0) this.#endPacket()
    return at + n
  }

  #takePayload(chunk: Buffer, at: number): number {
    if (this.#isFirstOfPayload) {
      this.#isFirstOfPayload = false
      // A row may begin with 0xfe only when its first value has 16 MiB or more, and so does the packet.
      const first = chunk[at]!
      const behindColumns = this.#part === 'rows' || this.#part === 'columnsEnd'
      this.#inRow = behindColumns && first !== ERR && (first !== EOF || this.#length === FULL)
      if (this.#inRow) {
        this.#part = 'rows'
        this.#rowStart = this.#at
      }
    }
    const n = Math.min(this.#left, chunk.length - at)
    if (this.#inRow) {
      this.#makeRoom(this.#left)
      chunk.copy(this.#buffer, this.#at, at, at + n)
      this.#at += n
    } else this.#other.push(Buffer.from(chunk.subarray(at, at + n)))
    this.#left -= n
    if (this.#left === 0) this.#endPacket()
    return at + n
  }

  /** Room for `bytes` more of the row under way, which has to lie in one buffer. */
  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const begun = this.#at - this.#rowStart
    const old = this.#buffer
    const wide = this.#sink.take(Math.max(begun + bytes, begun * 2))
    old.copy(wide, 0, this.#rowStart, this.#at)
    // Without rows it goes back to where it came from.
    this.#sink.put(old, this.#rowStart, this.#rows, this.#last)
    this.#buffer = wide
    this.#rows = 0
    this.#rowStart = 0
    this.#at = begun
  }

  #endPacket(): void {
    if (this.#continues) return
    this.#isFirstOfPayload = true
    if (this.#inRow) {
      this.#inRow = false
      this.#rows++
      this.#last = this.#rowStart
      this.#rowStart = this.#at
      return
    }
    const payload = this.#other.length === 1 ? this.#other[0]! : Buffer.concat(this.#other)
    this.#other = []
    this.#part = this.#after(payload)
    if (this.#part === 'done') this.#sink.put(this.#buffer, this.#at, this.#rows, this.#last)
  }

  /** What follows a packet that is no row. */
  #after(payload: Buffer): Part {
    const first = payload[0]
    if (first === undefined) throw broken('a packet is empty')
    if (first === ERR && this.#part !== 'columns') throw serverError(payload)
    switch (this.#part) {
      case 'first':
        if (first === OK || first === LOCAL_INFILE || first >= 0xfd) throw broken('it has no rows')
        this.#columnsLeft = first === 0xfc ? payload.readUInt16LE(1) : first
        return 'columns'
      case 'columns':
        return --this.#columnsLeft > 0 ? 'columns' : 'columnsEnd'
      default:
        return this.#afterEnd(payload)
    }
  }

  /** An EOF packet has 5 bytes; with CLIENT_DEPRECATE_EOF an OK packet of 7 or more with the same first byte ends the rows, and nothing the columns. */
  #afterEnd(payload: Buffer): Part {
    if (payload[0] !== EOF) throw broken(`a packet begins with ${payload[0]}`)
    if (this.#part === 'columnsEnd' && payload.length <= 5) return 'rows'
    let status = 3
    if (payload.length > 5) {
      status = behindNumber(payload, behindNumber(payload, 1))
    }
    if ((payload.readUInt16LE(status) & SERVER_MORE_RESULTS_EXISTS) !== 0) throw broken('it has more than one result')
    return 'done'
  }
}

/** Where a length-encoded number ends. */
function behindNumber(payload: Buffer, at: number): number {
  const first = payload[at]!
  return at + (first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9)
}

/** ERR: 0xff, number (2 bytes), '#', SQLSTATE (5 bytes), text. */
function serverError(payload: Buffer): ServerError {
  return new ServerError(payload.readUInt16LE(1), payload.subarray(payload[3] === 0x23 ? 9 : 3).toString('utf8'))
}

function broken(why: string): Failure {
  return new Failure('streamBroken', `The source's answer to a SELECT cannot be read: ${why}.`)
}
