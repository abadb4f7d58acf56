/** Texts by characters (code points), as the server counts them. */

const SURROGATES = /[\ud800-\udfff]/

export function characterCount(text: string): number {
  if (!SURROGATES.test(text)) return text.length
  let count = 0
  for (const _ of text) count++
  return count
}

export function firstCharacters(text: string, count: number): string {
  if (text.length <= count) return text
  return SURROGATES.test(text) ? [...text].slice(0, Math.max(0, count)).join('') : text.slice(0, Math.max(0, count))
}

export function lastCharacters(text: string, count: number): string {
  if (count <= 0) return ''
  return SURROGATES.test(text) ? [...text].slice(-count).join('') : text.slice(-count)
}

/** SUBSTRING: from 1, or from the end when `from` is below 0; `count` characters, or all. */
export function substring(text: string, from: number, count: number): string {
  if (from === 0 || count <= 0) return ''
  const characters = SURROGATES.test(text) ? [...text] : null
  const length = characters?.length ?? text.length
  const start = from > 0 ? from - 1 : length + from
  if (start < 0 || start >= length) return ''
  const end = Math.min(length, start + count)
  return characters === null ? text.slice(start, end) : characters.slice(start, end).join('')
}

export function reversed(text: string): string {
  return [...text].reverse().join('')
}

/** Texts longer than this are NULL: max_allowed_packet at its default. */
const LONGEST = 67_108_864

export function repeated(text: string, count: number): string | null {
  if (count <= 0) return ''
  return Buffer.byteLength(text) * count > LONGEST ? null : text.repeat(count)
}

/** LPAD and RPAD; null when it is not possible. */
export function padded(text: string, length: number, fill: string, left: boolean): string | null {
  if (length < 0) return null
  const missing = length - characterCount(text)
  if (missing <= 0) return firstCharacters(text, length)
  if (length > LONGEST / 4) return null
  if (fill === '') return text
  const filling = firstCharacters(fill.repeat(Math.ceil(missing / characterCount(fill))), missing)
  return left ? filling + text : text + filling
}

export function trimmedText(text: string, what: string, leading: boolean, trailing: boolean): string {
  if (what === '') return text
  let start = 0
  let end = text.length
  if (leading) while (end - start >= what.length && text.startsWith(what, start)) start += what.length
  if (trailing) while (end - start >= what.length && text.endsWith(what, end)) end -= what.length
  return text.slice(start, Math.max(start, end))
}

/** By the simple case mappings of Unicode: a character stays one character. */
export function upperCase(text: string): string {
  if (isAscii(text)) return text.toUpperCase()
  return mapped(text, character => character.toUpperCase())
}

export function lowerCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  return mapped(text, character => (character === '\u0130' ? 'i' : character.toLowerCase()))
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text)
}

function mapped(text: string, map: (character: string) => string): string {
  let result = ''
  for (const character of text) {
    const one = map(character)
    result += characterCount(one) === 1 ? one : character
  }
  return result
}

/** Position of one text in another from 1, in characters; 0 when it is not there. `fold` null: as they are. */
export function located(
  what: string,
  text: string,
  from: number,
  fold: ((character: string) => string) | null,
): number {
  if (from <= 0) return 0
  const all = fold === null ? [...text] : Array.from(text, fold)
  const wanted = fold === null ? [...what] : Array.from(what, fold)
  if (from - 1 > all.length) return 0
  for (let i = from - 1; i + wanted.length <= all.length; i++) {
    let k = 0
    while (k < wanted.length && all[i + k] === wanted[k]) k++
    if (k === wanted.length) return i + 1
  }
  return 0
}

/** SUBSTRING_INDEX: what stands before the `count`th delimiter, counted from the right below 0. */
export function beforeDelimiter(text: string, delimiter: string, count: number): string {
  if (delimiter === '' || count === 0) return ''
  const parts = text.split(delimiter)
  if (Math.abs(count) >= parts.length) return text
  return (count > 0 ? parts.slice(0, count) : parts.slice(count)).join(delimiter)
}
