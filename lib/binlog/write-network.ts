import { writeUint32 } from './write-int.js'

/** MariaDB's UUID, INET4 and INET6 from their stored bytes. */

const HEX = Uint8Array.from('0123456789abcdef', c => c.charCodeAt(0))

/** "192.168.0.1" from four bytes. */
export function writeInet4(o: Uint8Array, q: number, b: Uint8Array): number {
  let at = writeUint32(o, q, b[0]!)
  for (let i = 1; i < 4; i++) {
    o[at] = 46
    at = writeUint32(o, at + 1, b[i]!)
  }
  return at
}

/**
 * Sixteen bytes as MariaDB prints them (sql/sql_type_inet.cc): the first longest run of zero words, even a single one,
 * becomes "::"; an address whose first six words are 0, or 0 and ffff, ends as IPv4.
 */
export function writeInet6(o: Uint8Array, q: number, b: Uint8Array): number {
  let gap = -1
  let gapWords = 0
  for (let i = 0; i < 8; ) {
    let n = 0
    while (i + n < 8 && word(b, i + n) === 0) n++
    if (n > gapWords) {
      gap = i
      gapWords = n
    }
    i += n + 1
  }
  let at = q
  for (let i = 0; i < 8; i++) {
    if (i === gap) {
      if (i === 0) o[at++] = 58
      o[at++] = 58
      i += gapWords - 1
    } else if (i === 6 && gap === 0 && (gapWords === 6 || (gapWords === 5 && word(b, 5) === 0xffff))) {
      return writeInet4(o, at, b.subarray(12))
    } else {
      at = writeHexWord(o, at, word(b, i))
      if (i < 7) o[at++] = 58
    }
  }
  return at
}

/** "00112233-4455-6677-8899-aabbccddeeff"; the binlog has the bytes in the order of the text, whatever the table stores. */
export function writeUuid(o: Uint8Array, q: number, b: Uint8Array): number {
  let at = q
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) o[at++] = 45
    o[at] = HEX[b[i]! >> 4]!
    o[at + 1] = HEX[b[i]! & 15]!
    at += 2
  }
  return at
}

function word(b: Uint8Array, i: number): number {
  return (b[2 * i]! << 8) | b[2 * i + 1]!
}

function writeHexWord(o: Uint8Array, q: number, v: number): number {
  let at = q
  for (let shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0; shift >= 0; shift -= 4)
    o[at++] = HEX[(v >> shift) & 15]!
  return at
}
