import { createHash } from 'node:crypto'
import type { Digest } from './table-side.js'

/** Digests of texts, computed here as the SQL of `starrocks/row-digest.ts` has the servers compute them. */
export interface DigestedText {
  readonly text: string | null
  /** A digest stands for it. */
  readonly long: boolean
}

const SUMMED_DIGITS = 15

/** The digest of one text, in hexadecimal digits. */
export function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** As `digestOf`. */
export function rowDigest(parts: readonly DigestedText[]): string {
  const framed = parts.map(({ text, long }) => {
    if (text === null) return '~'
    return long ? textDigest(text) : `${Buffer.byteLength(text)}:${text}`
  })
  return textDigest(framed.join(','))
}

/** As `bucketOf`. */
export function bucket(keyDigest: string, digits: number): string {
  return keyDigest.slice(0, digits)
}

/** `digest` with one more row, whose digest is `row`; as `numberOf`. */
export function plusRow({ rows, sum }: Digest, row: string): Digest {
  return { rows: rows + 1, sum: sum + BigInt(`0x${row.slice(0, SUMMED_DIGITS)}`) }
}
