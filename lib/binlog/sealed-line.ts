import { crc32 } from './checksum.js'

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const SEAL_BYTES = sealOf(0).length

/** An object as a line of JSON with its newline; its last field "crc" is the CRC32 of the bytes before that field. */
export function renderSealed(record: object): string {
  const open = JSON.stringify(record).slice(0, -1)
  const bytes = Buffer.from(open)
  return `${open}${sealOf(crc32(bytes, 0, bytes.length))}\n`
}

/** Whether a line without its newline is as it was written. */
export function isSealed(line: Buffer): boolean {
  const end = Math.max(0, line.length - SEAL_BYTES)
  return line.toString('latin1', end) === sealOf(crc32(line, 0, end))
}

/** The object of a line without its newline; null when the line is not as it was written. */
export function parseSealed(line: Buffer): unknown {
  return isSealed(line) ? JSON.parse(UTF8.decode(line)) : null
}

function sealOf(sum: number): string {
  return `,"crc":"${sum.toString(16).padStart(8, '0')}"}`
}
