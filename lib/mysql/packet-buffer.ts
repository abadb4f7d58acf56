/** What one read of the socket can bring. */
const READ_BYTES = 256 * 1024
const STANDARD_BYTES = 2 * READ_BYTES
const HEADER_BYTES = 4
/** A packet of this length goes on in the next one (MySQL protocol, "Sending More Than 16Mb"). */
const FULL_PACKET = 0xff_ffff

/**
 * Cuts the bytes of a connection into packets of the MySQL protocol where they lie: a header of three bytes of length and one
 * of sequence, then so many bytes. Bytes are written into `room`, told by `added`, and taken by `next`. The memory is used again
 * and again; it grows for a packet that is larger, and shrinks behind it.
 */
export class PacketBuffer {
  /** Holds the packet found last, without headers, from `start` to `end`; both are valid until `room` is asked for with nothing held. */
  buffer = Buffer.allocUnsafeSlow(STANDARD_BYTES)
  start = 0
  end = 0
  /** Number of the packet found last, modulo 256; of the last of its parts. */
  sequence = 0
  #from = 0
  #to = 0
  /** Bytes, headers included, that the packet which is not whole yet has at least. */
  #whole = HEADER_BYTES

  /** Where the next bytes go. `held`: the packet found last is still in use, so nothing before it is written over. */
  room(held: boolean): Buffer {
    const pending = this.#to - this.#from
    const needed = Math.max(pending + READ_BYTES, this.#whole)
    const { length } = this.buffer
    if (!held && length > STANDARD_BYTES && needed <= STANDARD_BYTES) this.#moveTo(STANDARD_BYTES)
    else if (!held && needed <= length) {
      if (this.#from > 0) this.buffer.copyWithin(0, this.#from, this.#to)
      this.#from = 0
      this.#to = pending
    } else if (this.#from + needed > length)
      // A packet of several parts does not say how large it will be.
      this.#moveTo(Math.max(STANDARD_BYTES, this.#whole > FULL_PACKET ? 2 * needed : needed))
    return this.buffer.subarray(this.#to, this.#to + Math.max(READ_BYTES, needed - pending))
  }

  /** So many bytes have been written into what `room` gave last. */
  added(bytes: number): void {
    this.#to += bytes
  }

  /** Finds the next packet; false when it has not come as a whole. */
  next(): boolean {
    const at = this.#from
    const available = this.#to - at
    if (available < HEADER_BYTES) {
      this.#whole = HEADER_BYTES
      return false
    }
    const length = this.#lengthAt(at)
    if (length === FULL_PACKET) return this.#nextOfParts()
    this.#whole = HEADER_BYTES + length
    if (available < this.#whole) return false
    this.sequence = this.buffer[at + 3]!
    this.start = at + HEADER_BYTES
    this.end = this.start + length
    this.#from = this.end
    this.#whole = HEADER_BYTES
    return true
  }

  #nextOfParts(): boolean {
    let behind = this.#from
    for (let length = FULL_PACKET; length === FULL_PACKET; ) {
      if (behind + HEADER_BYTES > this.#to) {
        this.#whole = behind + HEADER_BYTES - this.#from
        return false
      }
      length = this.#lengthAt(behind)
      this.sequence = this.buffer[behind + 3]!
      behind += HEADER_BYTES + length
      if (behind > this.#to) {
        this.#whole = behind - this.#from
        return false
      }
    }
    this.start = this.#from + HEADER_BYTES
    this.end = this.start + FULL_PACKET
    for (let part = this.end; part < behind; ) {
      const from = part + HEADER_BYTES
      part = from + this.#lengthAt(part)
      this.buffer.copyWithin(this.end, from, part)
      this.end += part - from
    }
    this.#from = behind
    this.#whole = HEADER_BYTES
    return true
  }

  #lengthAt(at: number): number {
    const { buffer } = this
    return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16)
  }

  #moveTo(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(bytes)
    this.buffer.copy(larger, 0, this.#from, this.#to)
    this.buffer = larger
    this.#to -= this.#from
    this.#from = 0
  }
}
