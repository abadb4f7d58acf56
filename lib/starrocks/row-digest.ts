/**
 * SQL that MySQL, MariaDB and StarRocks compute alike: SHA2, CONCAT, LENGTH (bytes), SUBSTR, IFNULL and CONV are the same in
 * all of them, over texts in utf8mb4; only the type of the sum's terms has two names. Not MD5: MySQL has none since 9.6, unless
 * a component is installed.
 */

/** A text that goes into a digest. `long`: a digest stands for it. */
export interface DigestPart {
  readonly text: string
  readonly long: boolean
}

/** Hexadecimal digits of a digest that are summed: 60 bits, a positive BIGINT in every server. */
const SUMMED_DIGITS = 15

/** The digest of one text, in hexadecimal digits. */
export function digestOfText(text: string): string {
  return `SHA2(${text}, 256)`
}

/** The digest of several texts, each with its length in front so that no two lists of texts run into one; NULL is unlike any text. */
export function digestOf(parts: readonly DigestPart[]): string {
  const framed = parts.map(({ text, long }) =>
    long ? `IFNULL(${digestOfText(text)}, '~')` : `IFNULL(CONCAT(LENGTH(${text}), ':', ${text}), '~')`,
  )
  return digestOfText(`CONCAT(${framed.flatMap((part, n) => (n === 0 ? [part] : ["','", part])).join(', ')})`)
}

/**
 * A digest as a number, of a type whose sum does not overflow. A digest that a server could not compute (a text beyond its
 * limits) is a number that differs between the two, so that it is never passed over.
 */
export function numberOf(digest: string, dialect: 'source' | 'target'): string {
  const number = `CONV(SUBSTR(${digest}, 1, ${SUMMED_DIGITS}), 16, 10)`
  return dialect === 'source'
    ? `CAST(IFNULL(${number}, '1152921504606846976') AS UNSIGNED)`
    : `CAST(IFNULL(${number}, '1152921504606846977') AS LARGEINT)`
}

/** The bucket of a key: the first digits of its digest. 16 to the power of `digits` buckets. */
export function bucketOf(keyDigest: string, digits: number): string {
  return `SUBSTR(${keyDigest}, 1, ${digits})`
}
