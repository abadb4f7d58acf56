import { asText } from './conversions.js'
import { type CodeBuilder, kindOf, nullPiece, type Piece, refuse, TRUTH } from './piece.js'
import { regexpOf } from './regexp-syntax.js'
import { sharedCollation } from './shared-collation.js'
import type { Place } from './syntax.js'

const FOUND = { type: TRUTH, span: 1, condition: true }

/** text LIKE pattern [ESCAPE sign], character by character by the collation; spaces at the end count. */
export function like(b: CodeBuilder, place: Place, operand: Piece, pattern: Piece, sign: string | null): Piece {
  const [text, form] = [asText(b, operand), asText(b, pattern)]
  if (text.type === null || form.type === null) return nullPiece(place)
  const collation = sharedCollation(place, [text, form])
  const fold = collation.binary ? null : foldCharacters(collation.fold)
  const compile = (source: string): RegExp => likePattern(source, sign ?? '\\', fold)
  const folded = (x: string): string => (fold === null ? x : `${b.hold(fold)}(${x})`)
  if (typeof form.literal === 'string') {
    const compiled = b.hold(compile(form.literal))
    return b.lift(place, [text], x => `${compiled}.test(${folded(x)})`, FOUND)
  }
  const latest = b.hold(rememberLast(compile))
  return b.lift(place, [text, form], (x, y) => `${latest}(${y}).test(${folded(x)})`, FOUND)
}

function rememberLast<T>(make: (text: string) => T): (text: string) => T {
  let last: { text: string; made: T } | null = null
  return text => {
    if (last === null || last.text !== text) last = { text, made: make(text) }
    return last.made
  }
}

/** Each character in the form that stands for all it is taken for; one stays one. */
function foldCharacters(fold: (character: string) => string): (text: string) => string {
  const isCaseless = fold('a') !== 'a'
  return text => {
    if (/^[\x00-\x7f]*$/.test(text)) return isCaseless ? text.toUpperCase() : text
    let folded = ''
    for (const character of text) {
      const one = fold(character)
      folded += one.length === character.length ? one : character
    }
    return folded
  }
}

function likePattern(pattern: string, sign: string, fold: ((text: string) => string) | null): RegExp {
  const plain = (character: string): string =>
    (fold === null ? character : fold(character)).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  let source = ''
  const characters = [...pattern]
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!
    if (character === sign && i + 1 < characters.length) source += plain(characters[++i]!)
    else if (character === '%') source += '.*'
    else if (character === '_') source += '.'
    else source += plain(character)
  }
  return new RegExp(`^${source}$`, 'su')
}

/** text REGEXP pattern: the part of ICU's regular expressions that JavaScript's mean the same by. */
export function regexp(b: CodeBuilder, place: Place, operand: Piece, pattern: Piece): Piece {
  const text = asText(b, operand)
  if (text.type === null || pattern.type === null) return nullPiece(place)
  if (typeof pattern.literal !== 'string' || kindOf(pattern) !== 'text') {
    refuse(pattern, 'the pattern must be a text in the expression itself')
  }
  const caseless = !/_(bin|cs|as_cs)$/.test(sharedCollation(place, [text]).name)
  const compiled = b.hold(regexpOf(pattern, pattern.literal, caseless))
  return b.lift(place, [text], x => `${compiled}.test(${x})`, FOUND)
}
