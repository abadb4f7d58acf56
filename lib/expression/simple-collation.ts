import { GENERAL_WEIGHTS, LATIN1_WEIGHTS } from './collation-weights.js'

const UNICODE_GENERAL = /^(utf8|utf8mb3|utf8mb4|ucs2|utf16|utf16le|utf32|ascii)_general_(nopad_)?ci$/
const BMP = 0x10000
/** All characters above the BMP are taken for one. */
const REPLACEMENT = 0xfffd
const SPACE = 32
/** What latin1, which is cp1252, has in place of the C1 controls, from 0x80 on. */
const CP1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** An order in which each character has one weight, and that is exact therefore. */
export interface SimpleOrder {
  /** Below, above or equal to 0. */
  compare(a: string, b: string): number
  /** The character that stands for all those of its weight. */
  fold(character: string): string
}

/** The order of a collation that gives each character one weight; null: this one does not. */
export function simpleOrder(name: string, padded: boolean): SimpleOrder | null {
  const weights = weightsOf(name)
  if (weights === null) return null
  const firstOf = new Uint16Array(BMP)
  for (let code = BMP - 1; code >= 0; code--) firstOf[weights[code]!] = code
  return {
    compare: (a, b) => compareWeights(weights, a, b, padded),
    fold: character => String.fromCharCode(firstOf[weightAt(weights, character, 0)]!),
  }
}

function weightsOf(name: string): Uint16Array | null {
  if (UNICODE_GENERAL.test(name)) return readWeights(GENERAL_WEIGHTS)
  const latin1 = LATIN1_WEIGHTS[name]
  if (latin1 === undefined) return null
  const bytes = readWeights(latin1)
  // Characters that latin1 does not have are like none of it.
  const weights = readWeights('')
  for (let byte = 0; byte < 256; byte++) {
    const character = byte >= 0x80 && byte < 0xa0 ? CP1252.charCodeAt(byte - 0x80) : byte
    weights[character] = bytes[byte]!
  }
  return weights
}

function readWeights(text: string): Uint16Array {
  const weights = Uint16Array.from({ length: BMP }, (_, code) => code)
  for (const [, from, sign, count, weight] of text.matchAll(/(\w+)(?:([-+=])(\w+))?:(\w+)/g)) {
    const step = sign === '-' ? 2 : 1
    const [first, to] = [Number.parseInt(from!, 36), Number.parseInt(weight!, 36)]
    const length = count === undefined ? 1 : Number.parseInt(count, 36)
    for (let i = 0; i < length; i++) weights[first + i * step] = sign === '=' ? to : to + i * step
  }
  return weights
}

function weightAt(weights: Uint16Array, text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return isSurrogate(unit) ? REPLACEMENT : weights[unit]!
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800
}

function compareWeights(weights: Uint16Array, a: string, b: string, padded: boolean): number {
  let i = 0
  let k = 0
  while (i < a.length && k < b.length) {
    const difference = weightAt(weights, a, i) - weightAt(weights, b, k)
    if (difference !== 0) return difference
    i += isSurrogate(a.charCodeAt(i)) ? 2 : 1
    k += isSurrogate(b.charCodeAt(k)) ? 2 : 1
  }
  if (!padded) return a.length - i - (b.length - k)
  for (; i < a.length; i++) if (a.charCodeAt(i) !== SPACE) return weightAt(weights, a, i) - SPACE
  for (; k < b.length; k++) if (b.charCodeAt(k) !== SPACE) return SPACE - weightAt(weights, b, k)
  return 0
}
