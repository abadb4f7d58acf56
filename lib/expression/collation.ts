import { simpleOrder } from './simple-collation.js'

/** How texts of a collation are compared. */
export interface Collation {
  readonly name: string
  /** Spaces at the end do not count. */
  readonly padded: boolean
  readonly binary: boolean
  /** Why texts of it cannot be compared, as a clause; null: they can. */
  readonly unsupported: string | null
  /** Written in the expression: it counts against those of columns. */
  readonly explicit?: true
  /** Below, above or equal to 0. */
  compare(a: string, b: string): number
  equal(a: string, b: string): boolean
  /** The same text for characters that LIKE and LOCATE take for each other. */
  fold(character: string): string
}

/** The order of ASCII in utf8mb4_0900_ai_ci, from the space on; case apart. */
const ASCII_ORDER = ' _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz'
const UCA_WEIGHTS = new Uint8Array(128)
for (let code = 32; code < 127; code++) {
  UCA_WEIGHTS[code] = ASCII_ORDER.indexOf(String.fromCharCode(code).toLowerCase()) + 1
}

/** Those that order by the root of Unicode: MySQL's and MariaDB's, without the rules of a language. */
const ROOT =
  /^(utf8|utf8mb3|utf8mb4|ucs2|utf16|utf16le|utf32)_(unicode_(520_)?(nopad_)?ci|0900_ai_ci|0900_as_c[is]|uca1400_(nopad_)?a[is]_c[is])$/

const made = new Map<string, Collation>()

/**
 * The collation of this name. Exact for *_bin, those with a weight for each character, and for ASCII in all others; beyond ASCII
 * letters are compared by their base letter (or with accents, or case, as the name says) in the root order of Unicode.
 */
export function collationOf(name: string): Collation {
  const key = name.toLowerCase()
  let collation = made.get(key)
  if (collation === undefined) {
    collation = makeCollation(key)
    made.set(key, collation)
  }
  return collation
}

function makeCollation(name: string): Collation {
  const padded = !/0900|nopad/.test(name) && name !== 'binary'
  if (name.endsWith('_bin') || name === 'binary') return binaryCollation(name, padded)
  const simple = simpleOrder(name, padded)
  if (simple !== null) return madeOf(name, padded, simple.compare, simple.fold)
  if (!ROOT.test(name)) return refusedCollation(name, `the order of ${name} is not known here`)
  const sensitivity = sensitivityOf(name)
  const collator = new Intl.Collator('und', { sensitivity })
  const older = olderLetters(name)
  const whole = older === null ? collator.compare : (a: string, b: string) => collator.compare(older(a), older(b))
  const weights = sensitivity === 'variant' || sensitivity === 'case' ? null : UCA_WEIGHTS
  const compare = (first: string, second: string): number => {
    const a = padded ? trimmed(first) : first
    const b = padded ? trimmed(second) : second
    if (a === b) return 0
    return (weights === null ? null : compareAscii(weights, a, b)) ?? whole(a, b)
  }
  return madeOf(name, padded, compare, foldOf(whole))
}

function madeOf(name: string, padded: boolean, compare: Collation['compare'], fold: Collation['fold']): Collation {
  const equal = (a: string, b: string): boolean => a === b || compare(a, b) === 0
  return { name, padded, binary: false, unsupported: null, compare, equal, fold }
}

type Sensitivity = 'base' | 'accent' | 'case' | 'variant'

function sensitivityOf(name: string): Sensitivity {
  if (name.endsWith('_as_cs')) return 'variant'
  if (name.endsWith('_ai_cs')) return 'case'
  return name.endsWith('_as_ci') ? 'accent' : 'base'
}

/** The letter that stands for all those that are equal to it, where a base letter or a capital is one. */
function foldOf(compare: (a: string, b: string) => number): (character: string) => string {
  const known = new Map<string, string>()
  return character => {
    let folded = known.get(character)
    if (folded === undefined) {
      const base = character.normalize('NFD').replace(/\p{Mn}/gu, '')
      const forms = [base.toUpperCase(), base, character.toUpperCase()]
      folded = forms.find(form => form.length === character.length && compare(form, character) === 0) ?? character
      known.set(character, folded)
    }
    return folded
  }
}

/** Letters of their own in UCA 4.0, each with the letter that it follows. */
const OLDER_LETTERS: Readonly<Record<string, string>> = {
  Æ: 'a\uffff',
  Ǣ: 'a\uffff',
  Ǽ: 'a\uffff',
  Ð: 'd\uffff',
  Đ: 'd\uffff\uffff',
  Ħ: 'h\uffff',
  Ł: 'l\uffff',
  Ŀ: 'l\uffff\uffff',
  Ø: 'o\uffff',
  Ǿ: 'o\uffff',
}

/** How the texts of collations by older versions of Unicode are written, so that the order of today is theirs; null: as they are. */
function olderLetters(name: string): ((text: string) => string) | null {
  // The weights of UCA 4.0 end with the BMP: all further characters are taken for one.
  if (/_unicode_(nopad_)?ci$/.test(name)) {
    return text =>
      text
        .replace(/[\u{10000}-\u{10ffff}]/gu, '\ufffd')
        .replace(/[ÆæǢǣǼǽÐðĐđĦħŁłĿŀØøǾǿ]/g, letter => OLDER_LETTERS[letter.toUpperCase()]!)
  }
  // Characters that UCA 5.2 does not know stand behind all others.
  return name.includes('_unicode_520_') ? text => text.replace(/[\u{10000}-\u{10ffff}]/gu, '\uffff$&') : null
}

/** One whose texts can be carried and joined, but not compared. `reason`: why, as a clause. */
export function refusedCollation(name: string, reason: string): Collation {
  const refuse = (): never => {
    throw new Error(reason)
  }
  return { name, padded: false, binary: false, unsupported: reason, compare: refuse, equal: refuse, fold: refuse }
}

/** The first two visible characters of ASCII that differ decide. Null when another character comes before them. */
function compareAscii(weights: Uint8Array, a: string, b: string): number | null {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x > 126 || y > 126 || x < 32 || y < 32) return null
    const difference = weights[x]! - weights[y]!
    if (difference !== 0) return difference
  }
  if (a.length === b.length) return 0
  const next = (a.length > shared ? a : b).charCodeAt(shared)
  return next > 126 || next <= 32 ? null : a.length - b.length
}

function binaryCollation(name: string, padded: boolean): Collation {
  if (!padded) {
    return {
      name,
      padded,
      binary: true,
      unsupported: null,
      compare: byCode,
      equal: (a, b) => a === b,
      fold: text => text,
    }
  }
  const compare = (a: string, b: string): number => {
    const width = Math.max(a.length, b.length)
    return byCode(a.padEnd(width), b.padEnd(width))
  }
  return {
    name,
    padded,
    binary: true,
    unsupported: null,
    compare,
    equal: (a, b) => trimmed(a) === trimmed(b),
    fold: text => text,
  }
}

/** By code points, as UTF-8 bytes are ordered. */
function byCode(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return surrogatesLast(x) - surrogatesLast(y)
  }
  return a.length - b.length
}

/** Code units of characters above U+FFFF stand in the middle of UTF-16, but sort behind all others. */
function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

function trimmed(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--
  return end === text.length ? text : text.slice(0, end)
}
