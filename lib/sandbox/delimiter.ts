import { LoadError } from './load-error.js'

/**
 * Separator text of the `column_separator` and `row_delimiter` headers to bytes, by the rules of StarRocks' Delimiter.java:
 * `\x` or `0x` and then an even number of hex digits to the end; otherwise literal text in which `\t` and `\n` are
 * unescaped. Hex bytes from 0x80 on become characters and are encoded again as UTF-8, so they do not survive.
 * Throws a LoadError when the hex is wrong or the result is not 1 to 50 bytes long.
 */
export function parseDelimiter(text: string, what: 'column separator' | 'row delimiter'): Buffer {
  const bytes = /^(\\x|0x)/i.test(text) ? fromHex(text, what) : fromLiteral(text)
  if (bytes.length < 1 || bytes.length > 50) {
    throw new LoadError(`The valid bytes length for '${what}' is [1, 50]`)
  }
  return bytes
}

function fromHex(text: string, what: string): Buffer {
  const digits = text.slice(2)
  if (digits.length === 0 || digits.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(digits)) {
    throw new LoadError(`Invalid ${what} '${text}': invalid hex format`)
  }
  return Buffer.from(Buffer.from(digits, 'hex').toString('latin1'), 'utf8')
}

function fromLiteral(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\t', '\t').replaceAll('\\n', '\n'), 'utf8')
}

/** A delimiter as StarRocks prints it in its messages: control bytes as `\x01`, tab and newline by their names. */
export function printDelimiter(delimiter: Buffer): string {
  return delimiter
    .toString('utf8')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replace(/[\x00-\x1f]/g, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
