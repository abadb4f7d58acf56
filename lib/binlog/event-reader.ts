import { Failure } from '../model/failure.js'

/** Reads the body of one event front to back; a read past `end` is a notDecodable Failure, never a RangeError. */
export class EventReader {
  buffer: Buffer = Buffer.alloc(0)
  at = 0
  end = 0
  readonly #describe: () => string

  /** `describe` names the event and its position for messages; it is called on failure only. */
  constructor(describe: () => string) {
    this.#describe = describe
  }

  reset(buffer: Buffer, at: number, end: number): void {
    this.buffer = buffer
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  /** Names the event and its position. */
  describe(): string {
    return this.#describe()
  }

  fail(reason: string, options: { cause?: unknown; advice?: string } = {}): Failure {
    return new Failure('notDecodable', `${this.#describe()} cannot be decoded: ${reason}`, options)
  }

  /** Moves on by `n` bytes and returns where they begin. */
  skip(n: number): number {
    const at = this.at
    if (!(n >= 0 && n <= this.end - at)) throw this.fail(`it ends ${n - (this.end - at)} bytes too early`)
    this.at = at + n
    return at
  }

  u8(): number {
    return this.buffer[this.skip(1)]!
  }

  u16(): number {
    const at = this.skip(2)
    return this.buffer[at]! | (this.buffer[at + 1]! << 8)
  }

  u24(): number {
    return this.buffer.readUIntLE(this.skip(3), 3)
  }

  u32(): number {
    return uint32(this.buffer, this.skip(4))
  }

  u48(): number {
    const at = this.skip(6)
    return uint32(this.buffer, at) + (this.buffer[at + 4]! | (this.buffer[at + 5]! << 8)) * 2 ** 32
  }

  u64(): bigint {
    return this.buffer.readBigUInt64LE(this.skip(8))
  }

  /** A 64-bit number that must fit a double exactly (sizes, offsets). */
  size(): number {
    return this.#exact(this.u64())
  }

  /** Length-encoded integer of the MySQL protocol. */
  packed(): number {
    const first = this.u8()
    if (first < 251) return first
    if (first === 252) return this.u16()
    if (first === 253) return this.u24()
    if (first === 254) return this.size()
    throw this.fail(`byte ${first} begins no length`)
  }

  /** Variable-length integer of mysql::serialization: as many bytes follow as the first one has trailing 1 bits. */
  varint(): bigint {
    const first = this.u8()
    let extra = 0
    while (extra < 8 && (first >> extra) & 1) extra++
    let rest = 0n
    for (let i = 0; i < extra; i++) rest |= BigInt(this.u8()) << BigInt(8 * i)
    return extra === 8 ? rest : BigInt(first >> (extra + 1)) | (rest << BigInt(7 - extra))
  }

  varintSize(): number {
    return this.#exact(this.varint())
  }

  /** `n` bytes, not copied. */
  bytes(n: number): Buffer {
    const at = this.skip(n)
    return this.buffer.subarray(at, at + n)
  }

  text(n: number): string {
    const at = this.skip(n)
    return this.buffer.toString('utf8', at, at + n)
  }

  #exact(value: bigint): number {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail(`a length of ${value}`)
    return Number(value)
  }
}

/** Four bytes little-endian, unsigned; the caller has checked that they are there. */
export function uint32(b: Uint8Array, p: number): number {
  return (b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24)) >>> 0
}
