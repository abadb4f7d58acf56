import * as zlib from 'node:zlib'
import { decompress } from 'fzstd'
import type { EventReader } from './event-reader.js'

/** Largest unpacked transaction or event, in bytes: max_allowed_packet cannot be more on either server. */
const MAX_UNPACKED_BYTES = 1 << 30

/**
 * Unpacks the body of TRANSACTION_PAYLOAD (MySQL libs/mysql/binlog/event/codecs): (type, length, value) fields,
 * all length-encoded; 1 payload size, 2 algorithm (0 zstd, 255 none), 3 unpacked size, 0 ends them; then the payload.
 */
export function unpackPayload(reader: EventReader): Buffer {
  let payloadBytes = -1
  let algorithm = -1
  let unpackedBytes = -1
  for (;;) {
    const field = reader.packed()
    if (field === 0) break
    const next = reader.packed() + reader.at
    if (field === 1) payloadBytes = reader.packed()
    else if (field === 2) algorithm = reader.packed()
    else if (field === 3) unpackedBytes = reader.packed()
    else reader.skip(next - reader.at)
    if (reader.at !== next) throw reader.fail(`field ${field} has a wrong length`)
  }
  if (payloadBytes === -1) payloadBytes = reader.left
  const payload = reader.bytes(payloadBytes)
  if (algorithm === 255) return payload
  if (algorithm !== 0) throw reader.fail(`compression algorithm ${algorithm} is not known`)
  checkSize(reader, unpackedBytes)
  let unpacked: Uint8Array
  try {
    unpacked = decompress(payload, new Uint8Array(unpackedBytes))
  } catch (cause) {
    throw reader.fail('its zstd data is damaged', { cause })
  }
  if (unpacked.length !== unpackedBytes)
    throw reader.fail(`it unpacks to ${unpacked.length} bytes instead of ${unpackedBytes}`)
  return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.length)
}

/**
 * Unpacks the rest of a MariaDB compressed event (sql/log_event.cc binlog_buf_uncompress): one byte
 * 0x80 | algorithm << 4 | n, then n bytes big-endian unpacked size, then zlib data (algorithm 0).
 */
export function unpackMariadb(reader: EventReader): Buffer {
  const head = reader.u8()
  const sizeBytes = head & 7
  if ((head & 0xf0) !== 0x80 || sizeBytes < 1 || sizeBytes > 4) throw reader.fail(`compression header ${head}`)
  const unpackedBytes = reader.buffer.readUIntBE(reader.skip(sizeBytes), sizeBytes)
  checkSize(reader, unpackedBytes)
  let unpacked: Buffer
  try {
    unpacked = zlib.inflateSync(reader.bytes(reader.left), { maxOutputLength: Math.max(1, unpackedBytes) })
  } catch (cause) {
    throw reader.fail('its zlib data is damaged', { cause })
  }
  if (unpacked.length !== unpackedBytes)
    throw reader.fail(`it unpacks to ${unpacked.length} bytes instead of ${unpackedBytes}`)
  return unpacked
}

function checkSize(reader: EventReader, unpackedBytes: number): void {
  if (unpackedBytes < 0) throw reader.fail('it does not say its unpacked size')
  if (unpackedBytes > MAX_UNPACKED_BYTES)
    throw reader.fail(`it unpacks to ${unpackedBytes} bytes; the most is ${MAX_UNPACKED_BYTES}`)
}
