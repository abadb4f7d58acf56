const NEWLINE = 0x0a

/** Cuts a stream of bytes into lines of UTF-8, without their newlines. */
export class LineSplitter {
  readonly #maxBytes: number
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that these bytes complete; null when a line is longer than it may be: nothing more is to be read. */
  take(bytes: Buffer): string[] | null {
    const lines: string[] = []
    let from = 0
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      this.#keep(bytes.subarray(from, to))
      if (this.#restBytes > this.#maxBytes) return null
      lines.push(Buffer.concat(this.#rest).toString())
      this.#rest = []
      this.#restBytes = 0
      from = to + 1
    }
    this.#keep(bytes.subarray(from))
    return this.#restBytes > this.#maxBytes ? null : lines
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#rest.push(bytes)
    this.#restBytes += bytes.length
  }
}
