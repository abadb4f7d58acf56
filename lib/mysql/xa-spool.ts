import type { FileHandle } from 'node:fs/promises'
import { crc32 } from '../binlog/checksum.js'

/**
 * Records of a spool file: kind, length of the content (4 bytes, little-endian), content, CRC32 of all before it.
 * head and end hold JSON, the others a binlog event without checksum; of skipped rows its first bytes alone.
 */
export const RECORD = { head: 1, event: 2, skipped: 3, end: 4 } as const

export interface SpoolRecord {
  readonly kind: number
  readonly content: Buffer
}

const HEAD_BYTES = 5
const CHECKSUM_BYTES = 4
const READ_BYTES = 256 * 1024
/** No event is longer (max_allowed_packet), and no record. */
const LONGEST = 0x4000_0000 + 1024

/** A record that is not as it was written; the message says in what. */
export class SpoolDamage extends Error {}

export function encodeRecord(kind: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  head[0] = kind
  head.writeUInt32LE(length, 1)
  const record = Buffer.concat([head, ...parts], HEAD_BYTES + length + CHECKSUM_BYTES)
  record.writeUInt32LE(crc32(record, 0, HEAD_BYTES + length), HEAD_BYTES + length)
  return record
}

export function encodeJsonRecord(kind: number, value: object): Buffer {
  return encodeRecord(kind, Buffer.from(JSON.stringify(value)))
}

/** The records of a file, in memory of one record and a little. Throws SpoolDamage at the first that is damaged or cut. */
export async function* readRecords(file: FileHandle): AsyncGenerator<SpoolRecord> {
  let buffer: Buffer = Buffer.alloc(0)
  let offset = 0
  /** False at the end of the file. */
  const fill = async (bytes: number): Promise<boolean> => {
    while (buffer.length < bytes) {
      const more = Buffer.alloc(Math.max(READ_BYTES, bytes - buffer.length))
      const { bytesRead } = await file.read(more, 0, more.length, offset)
      if (bytesRead === 0) return false
      offset += bytesRead
      buffer = Buffer.concat([buffer, more.subarray(0, bytesRead)])
    }
    return true
  }
  while (await fill(1)) {
    const where = `at byte ${offset - buffer.length}`
    const known = await fill(HEAD_BYTES)
    const length = known ? buffer.readUInt32LE(1) : 0
    if (length > LONGEST) throw new SpoolDamage(`a record ${where} says that it has ${length} bytes`)
    const size = HEAD_BYTES + length + CHECKSUM_BYTES
    if (!known || !(await fill(size))) throw new SpoolDamage(`the record ${where} is cut off`)
    if (crc32(buffer, 0, size - CHECKSUM_BYTES) !== buffer.readUInt32LE(size - CHECKSUM_BYTES))
      throw new SpoolDamage(`the record ${where} has a wrong checksum`)
    yield { kind: buffer[0]!, content: buffer.subarray(HEAD_BYTES, HEAD_BYTES + length) }
    buffer = buffer.subarray(size)
  }
}
