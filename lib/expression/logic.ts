import { choiceOf, chosen } from './choice.js'
import { comparable, comparedWithAll, comparison, conditionPiece } from './comparison.js'
import { conditionOf, truthOf } from './conversions.js'
import { type CodeBuilder, nullPiece, type Piece, TRUTH, uncolumned } from './piece.js'
import { sharedCollation } from './shared-collation.js'
import type { LogicalOperator, Place } from './syntax.js'

/** and, or, xor: three-valued. */
export function logical(b: CodeBuilder, place: Place, operator: LogicalOperator, left: Piece, right: Piece): Piece {
  const [x, y] = [truthOf(b, left), truthOf(b, right)]
  if (operator === 'xor') {
    return b.lift(place, [x, y], (m, n) => `${m} !== ${n}`, { type: TRUTH, span: 1, condition: true })
  }
  const [decisive, other] = operator === 'and' ? ['0', '1'] : ['1', '0']
  const conditions = `(${conditionOf(b, x)} ${operator === 'and' ? '&&' : '||'} ${conditionOf(b, y)})`
  const [m, n] = [b.variable(), b.variable()]
  const code = `((${m} = ${x.code}) === ${decisive} ? ${decisive} : (${n} = ${y.code}) === ${decisive} ? ${decisive} : ${m} === null || ${n} === null ? null : ${other})`
  return { ...conditionPiece(place, conditions), code, nullable: x.nullable || y.nullable }
}

/** not value */
export function negation(b: CodeBuilder, place: Place, operand: Piece): Piece {
  const truth = truthOf(b, operand)
  return b.lift(place, [truth], x => `${x} === 0`, { type: TRUTH, span: 1, condition: true })
}

/** value is [not] null | true | false */
export function truthTest(
  b: CodeBuilder,
  place: Place,
  operand: Piece,
  what: 'null' | 'true' | 'false',
  negated: boolean,
): Piece {
  let condition: string
  if (what === 'null') condition = `${operand.code} ${negated ? '!==' : '==='} null`
  else if (what === 'true') condition = `${negated ? '!' : ''}${conditionOf(b, operand)}`
  else condition = `${truthOf(b, operand).code} ${negated ? '!==' : '==='} 0`
  return conditionPiece(place, `(${condition})`)
}

/** value [not] between low and high */
export function between(
  b: CodeBuilder,
  place: Place,
  operand: Piece,
  low: Piece,
  high: Piece,
  negated: boolean,
): Piece {
  const [first, from, to] = alikeTexts(place, [operand, low, high]) as [Piece, Piece, Piece]
  const { piece, bind } = once(b, comparedWithAll(first, [from, to]))
  const range = logical(b, place, 'and', comparison(b, place, '>=', piece, from), comparison(b, place, '<=', piece, to))
  return bind(negated ? negation(b, place, range) : range)
}

/** value [not] in (list) */
export function membership(
  b: CodeBuilder,
  place: Place,
  operand: Piece,
  list: readonly Piece[],
  negated: boolean,
): Piece {
  if (operand.type === null) return nullPiece(place)
  const [first, ...known] = alikeTexts(place, [operand, ...list.filter(item => item.type !== null)]) as [
    Piece,
    ...Piece[],
  ]
  const compared = comparedWithAll(first, known)
  const { piece, bind } = once(b, compared)
  const set = setOfTexts(b, place, compared, known)
  let found: Piece | null = set
  if (found === null) {
    for (const item of known) {
      const one = comparison(b, place, '=', piece, item)
      found = found === null ? one : logical(b, place, 'or', found, one)
    }
    found = found === null ? null : bind(found)
  }
  if (known.length < list.length) {
    const unknown: Piece = { ...nullPiece(place), type: TRUTH, span: 1 }
    found = found === null ? unknown : logical(b, place, 'or', found, unknown)
  }
  return negated ? negation(b, place, found!) : found!
}

/** Texts that are compared with one of them have one collation together. */
function alikeTexts(place: Place, pieces: readonly Piece[]): readonly Piece[] {
  if (!pieces.every(piece => piece.type === null || piece.type.kind === 'text')) return pieces
  const collation = sharedCollation(place, pieces)
  return pieces.map(piece => ({ ...piece, collation }))
}

/** A list of texts or small integers written in the expression is looked up, not walked through. */
function setOfTexts(b: CodeBuilder, place: Place, operand: Piece, list: readonly Piece[]): Piece | null {
  if (list.length < 4) return null
  const alike = list.map(item => (item.literal === undefined ? null : comparable(b, place, operand, item)))
  const exact = alike.every(
    one =>
      one !== null &&
      one.left === operand &&
      (one.collation === null || (one.collation.binary && !one.collation.padded)),
  )
  if (!exact) return null
  const set = b.hold(new Set(alike.map(one => one!.right.literal)))
  return b.lift(place, [operand], x => `${set}.has(${x})`, { type: TRUTH, span: 1, condition: true })
}

/** A piece that several others read, computed once; `bind` puts its computation before the code of what reads it. */
function once(b: CodeBuilder, operand: Piece): { readonly piece: Piece; bind(whole: Piece): Piece } {
  if (operand.type === null || /^\w+$|^\(?v\[\d+\]\)?$/.test(operand.code))
    return { piece: operand, bind: whole => whole }
  const name = b.variable()
  const { isTrue: _, compact: __, ...rest } = operand
  return {
    piece: { ...rest, code: name },
    bind: whole => ({
      ...whole,
      code: `(${name} = ${operand.code}, ${whole.code})`,
      ...(whole.isTrue === undefined ? {} : { isTrue: `(${name} = ${operand.code}, ${whole.isTrue})` }),
    }),
  }
}

/** case [operand] when … then … else … end; `otherwise` null: NULL. */
export function caseOf(
  b: CodeBuilder,
  place: Place,
  operand: Piece | null,
  branches: readonly { readonly when: Piece; readonly result: Piece }[],
  otherwise: Piece | null,
): Piece {
  const compared = operand === null ? [] : alikeTexts(place, [operand, ...branches.map(({ when }) => when)])
  const held = operand === null ? null : once(b, uncolumned(compared[0]!))
  const results = choiceOf(b, place, [...branches.map(({ result }) => result), otherwise ?? nullPiece(place)])
  let code = results.pieces.at(-1)!.code
  for (let i = branches.length - 1; i >= 0; i--) {
    const { when } = branches[i]!
    const condition = held === null ? when : comparison(b, when, '=', held.piece, compared[i + 1]!)
    code = `(${conditionOf(b, condition)} ? ${results.pieces[i]!.code} : ${code})`
  }
  const nullable = results.pieces.some(piece => piece.nullable)
  const whole = { ...chosen(place, results, code, nullable), ragged: results.ragged }
  return held === null ? whole : held.bind(whole)
}
