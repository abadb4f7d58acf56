/**
 * SQL that MySQL, MariaDB and StarRocks compute alike: MD5, CONCAT, LENGTH (bytes), SUBSTR, IFNULL and CONV are the same in
 * all of them, over texts in utf8mb4. Names are those of no server: only the type of the sum's terms is.
 */

/** A text that goes into a digest. `long`: an MD5 stands for it. */
export interface DigestPart {
  readonly text: string
  readonly long: boolean
}

/** Hexadecimal digits of an MD5 that are summed: 60 bits, a positive BIGINT in every server. */
const SUMMED_DIGITS = 15

/** MD5 of several texts, each with its length in front so that no two lists of texts run into one; NULL is unlike any text. */
export function digestOf(parts: readonly DigestPart[]): string {
  const framed = parts.map(({ text, long }) =>
    long ? `IFNULL(MD5(${text}), '~')` : `IFNULL(CONCAT(LENGTH(${text}), ':', ${text}), '~')`,
  )
  return `MD5(CONCAT(${framed.flatMap((part, n) => (n === 0 ? [part] : ["','", part])).join(', ')}))`
}

/**
 * The sum of the digests of rows, in any order; `dialect` tells the type whose sum does not overflow. A digest that a server
 * could not compute (a text beyond its limits) counts as a number that differs between the two, so that it is never passed over.
 */
export function sumOf(digest: string, dialect: 'source' | 'target'): string {
  const number = `CONV(SUBSTR(${digest}, 1, ${SUMMED_DIGITS}), 16, 10)`
  return dialect === 'source'
    ? `SUM(CAST(IFNULL(${number}, '1152921504606846976') AS UNSIGNED))`
    : `SUM(CAST(IFNULL(${number}, '1152921504606846977') AS LARGEINT))`
}

/** The bucket of a key: the first digits of its digest. 16 to the power of `digits` buckets. */
export function bucketOf(keyDigest: string, digits: number): string {
  return `SUBSTR(${keyDigest}, 1, ${digits})`
}
