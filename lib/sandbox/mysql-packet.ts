/** Longest payload of one packet; a longer one goes on in the next (MySQL client/server protocol, "MySQL Packets"). */
const MAX_PAYLOAD = 0xffffff
const HEADER_BYTES = 4

export interface Packet {
  /** Number the answer's first packet follows. */
  readonly sequence: number
  readonly payload: Buffer
}

/** Puts the bytes of a connection together to packets. Bytes of a packet still on its way are copied once only. */
export class PacketFramer {
  #chunks: Buffer[] = []
  #size = 0
  #parts: Buffer[] = []

  /** Takes bytes as they came and returns the packets they completed, in order. */
  push(chunk: Buffer): Packet[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const packets: Packet[] = []
    for (;;) {
      if (this.#size < HEADER_BYTES) return packets
      const head = this.#peek(HEADER_BYTES)
      const length = head.readUIntLE(0, 3)
      if (this.#size < HEADER_BYTES + length) return packets
      const frame = this.#take(HEADER_BYTES + length)
      this.#parts.push(frame.subarray(HEADER_BYTES))
      if (length === MAX_PAYLOAD) continue
      packets.push({ sequence: frame[3] as number, payload: joinParts(this.#parts) })
      this.#parts = []
    }
  }

  #peek(bytes: number): Buffer {
    const first = this.#chunks[0] as Buffer
    if (first.length >= bytes) return first
    this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }

  #take(bytes: number): Buffer {
    const first = this.#chunks[0] as Buffer
    const all = first.length >= bytes ? first : Buffer.concat(this.#chunks)
    if (all !== first) this.#chunks = [all]
    const rest = all.subarray(bytes)
    if (rest.length > 0) this.#chunks[0] = rest
    else this.#chunks.shift()
    this.#size -= bytes
    return all.subarray(0, bytes)
  }
}

/** Reads the fields of one payload from left to right. */
export class FieldReader {
  readonly #payload: Buffer
  #at: number

  constructor(payload: Buffer, at = 0) {
    this.#payload = payload
    this.#at = at
  }

  get left(): number {
    return this.#payload.length - this.#at
  }

  uint(bytes: 1 | 2 | 3 | 4): number {
    const value = this.#payload.readUIntLE(this.#at, bytes)
    this.#at += bytes
    return value
  }

  int(bytes: 1 | 2 | 4): number {
    const value = this.#payload.readIntLE(this.#at, bytes)
    this.#at += bytes
    return value
  }

  int64(unsigned: boolean): bigint {
    const value = unsigned ? this.#payload.readBigUInt64LE(this.#at) : this.#payload.readBigInt64LE(this.#at)
    this.#at += 8
    return value
  }

  float(): number {
    this.#at += 4
    return this.#payload.readFloatLE(this.#at - 4)
  }

  double(): number {
    this.#at += 8
    return this.#payload.readDoubleLE(this.#at - 8)
  }

  bytes(count: number): Buffer {
    const value = this.#payload.subarray(this.#at, this.#at + count)
    if (value.length < count) throw new RangeError(`the packet ends ${count - value.length} bytes early`)
    this.#at += count
    return value
  }

  rest(): Buffer {
    return this.bytes(this.left)
  }

  /** Text up to a zero byte, or to the end of the payload. */
  zeroEnded(): string {
    const found = this.#payload.indexOf(0, this.#at)
    const end = found < 0 ? this.#payload.length : found
    const value = this.#payload.toString('utf8', this.#at, end)
    this.#at = Math.min(end + 1, this.#payload.length)
    return value
  }

  lengthEncoded(): Buffer {
    const first = this.uint(1)
    if (first < 0xfb) return this.bytes(first)
    if (first === 0xfc) return this.bytes(this.uint(2))
    if (first === 0xfd) return this.bytes(this.uint(3))
    return this.bytes(Number(this.int64(true)))
  }
}

/** Builds packets one behind the other in one buffer. */
export class PacketBuilder {
  #buffer = Buffer.allocUnsafe(16_384)
  #at = 0
  #start = 0
  #sequence = 0

  /** The next packet answers one with this number. */
  answer(sequence: number): void {
    this.#sequence = (sequence + 1) & 0xff
  }

  get bytes(): number {
    return this.#at
  }

  begin(): this {
    this.#start = this.#at
    this.#reserve(HEADER_BYTES)
    this.#at += HEADER_BYTES
    return this
  }

  /** Closes the packet; a payload of 16 MiB or more is cut into several. */
  end(): void {
    let length = this.#at - this.#start - HEADER_BYTES
    while (length >= MAX_PAYLOAD) {
      this.#header(MAX_PAYLOAD)
      const next = this.#start + HEADER_BYTES + MAX_PAYLOAD
      this.#reserve(HEADER_BYTES)
      this.#buffer.copyWithin(next + HEADER_BYTES, next, this.#at)
      this.#at += HEADER_BYTES
      this.#start = next
      length -= MAX_PAYLOAD
    }
    this.#header(length)
  }

  uint(value: number, bytes: 1 | 2 | 3 | 4): this {
    this.#reserve(bytes)
    this.#at = this.#buffer.writeUIntLE(value, this.#at, bytes)
    return this
  }

  int(value: number, bytes: 1 | 2 | 4): this {
    this.#reserve(bytes)
    this.#at = this.#buffer.writeIntLE(value, this.#at, bytes)
    return this
  }

  int64(value: bigint): this {
    this.#reserve(8)
    this.#at = this.#buffer.writeBigInt64LE(value, this.#at)
    return this
  }

  float(value: number): this {
    this.#reserve(4)
    this.#at = this.#buffer.writeFloatLE(value, this.#at)
    return this
  }

  double(value: number): this {
    this.#reserve(8)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  text(text: string): this {
    const length = Buffer.byteLength(text)
    this.#reserve(length)
    this.#at += this.#buffer.write(text, this.#at, length, 'utf8')
    return this
  }

  zeroEnded(text: string): this {
    return this.text(text).uint(0, 1)
  }

  lengthInteger(value: number): this {
    if (value < 0xfb) return this.uint(value, 1)
    if (value <= 0xffff) return this.uint(0xfc, 1).uint(value, 2)
    if (value <= 0xffffff) return this.uint(0xfd, 1).uint(value, 3)
    return this.uint(0xfe, 1).int64(BigInt(value))
  }

  lengthText(text: string): this {
    return this.lengthInteger(Buffer.byteLength(text)).text(text)
  }

  lengthBytes(bytes: Uint8Array): this {
    return this.lengthInteger(bytes.length).raw(bytes)
  }

  /** Everything built so far; the builder goes on with an empty buffer. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#at)
    this.#buffer = Buffer.allocUnsafe(16_384)
    this.#at = 0
    this.#start = 0
    return taken
  }

  #header(length: number): void {
    this.#buffer.writeUIntLE(length, this.#start, 3)
    this.#buffer[this.#start + 3] = this.#sequence
    this.#sequence = (this.#sequence + 1) & 0xff
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}

function joinParts(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}
