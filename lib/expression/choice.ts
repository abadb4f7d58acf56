import type { ValueType } from '../model/value.js'
import { asBig, asDecimal, asDouble, asNumber, asText, longestText, sizeOf } from './conversions.js'
import { type CodeBuilder, isBig, kindName, kindOf, type Piece, refuse, spanOfType } from './piece.js'
import { joinedCollation } from './shared-collation.js'
import type { Place } from './syntax.js'
import { asDatetime } from './temporal-piece.js'

/** What one of several values is, whichever is chosen: IF, CASE, COALESCE, IFNULL, GREATEST and LEAST. */
export interface Choice {
  /** The values, made alike. */
  readonly pieces: readonly Piece[]
  readonly type: ValueType | null
  readonly span: number
  readonly collation: Piece['collation']
  readonly charset: string | null
  /** Decimals of different scales. */
  readonly ragged: boolean
}

/** Makes values alike, so that any of them can be the result. Throws ExpressionProblem for those that cannot be. */
export function choiceOf(b: CodeBuilder, place: Place, pieces: readonly Piece[]): Choice {
  const known = pieces.filter(piece => piece.type !== null)
  const kinds = new Set(known.map(piece => kindOf(piece)!))
  const none = { span: 0, collation: null, charset: null, ragged: false }
  if (known.length === 0) return { pieces, type: null, ...none }
  const numbers = known.every(piece => /^(integer|bit|year|decimal|double)$/.test(kindOf(piece)!))
  if (numbers) {
    const scales = new Set(known.map(piece => (piece.type?.kind === 'decimal' ? piece.type.scale : 0)))
    const alike = alikeNumbers(
      b,
      pieces.map(piece => asNumber(b, piece)),
    )
    const ragged = alike.type?.kind === 'decimal' && (scales.size > 1 || known.some(piece => piece.ragged === true))
    return { ...alike, collation: null, charset: null, ragged }
  }
  if (kinds.has('json') || kinds.has('bytes')) {
    const other = known.find(piece => kindOf(piece) !== kindOf(known[0]!))
    if (other !== undefined) refuse(place, `${kindName(known[0]!)} and ${kindName(other)} cannot be one result`)
    return { pieces, type: known[0]!.type, ...none }
  }
  if ([...kinds].every(kind => kind === 'date' || kind === 'datetime')) {
    const forms = new Set(known.map(({ type }) => (type?.kind === 'datetime' ? type.fractionDigits : -1)))
    return { ...dates(b, pieces, kinds), ...none, ragged: forms.size > 1 || known.some(piece => piece.ragged === true) }
  }
  if (kinds.size === 1 && kinds.has('time')) {
    const digits = new Set(known.map(piece => (piece.type as ValueType & { kind: 'time' }).fractionDigits))
    if (digits.size > 1) refuse(place, 'TIMEs of different fraction digits cannot be one result: cast(… as time(6))')
    return { pieces, type: known[0]!.type, ...none }
  }
  const lengths = known.map(longestText)
  const maxLength = lengths.every(length => length !== null) ? Math.max(...(lengths as number[])) : null
  const texts = pieces.map(piece => asText(b, piece))
  return {
    pieces: texts,
    type: { kind: 'text', maxLength },
    span: 0,
    collation: joinedCollation(texts),
    charset: texts.find(text => text.charset !== null)?.charset ?? null,
    ragged: [...kinds].some(kind => kind === 'date' || kind === 'datetime' || kind === 'time'),
  }
}

function dates(b: CodeBuilder, pieces: readonly Piece[], kinds: ReadonlySet<string>): Pick<Choice, 'pieces' | 'type'> {
  if (!kinds.has('datetime')) return { pieces, type: { kind: 'date' } }
  const digits = Math.max(...pieces.map(({ type }) => (type?.kind === 'datetime' ? type.fractionDigits : 0)))
  return {
    pieces: pieces.map(piece => (piece.type === null ? piece : asDatetime(b, piece, digits))),
    type: { kind: 'datetime', fractionDigits: digits },
  }
}

function alikeNumbers(b: CodeBuilder, pieces: readonly Piece[]): Pick<Choice, 'pieces' | 'type' | 'span'> {
  const known = pieces.filter(piece => piece.type !== null)
  const convert = (to: (piece: Piece) => Piece): Piece[] =>
    pieces.map(piece => (piece.type === null ? piece : to(piece)))
  if (known.some(piece => kindOf(piece) === 'double')) {
    return { pieces: convert(piece => asDouble(b, piece)), type: { kind: 'double' }, span: 0 }
  }
  const types = known.map(piece => piece.type as ValueType & { kind: 'integer' })
  const integers = types.every(type => type.kind === 'integer')
  const mixed = integers && types.some(type => type.unsigned) && types.some(type => !type.unsigned)
  if (!integers || (mixed && known.some(piece => piece.span > 63))) {
    const sizes = known.map(sizeOf)
    const scale = Math.max(...sizes.map(size => size.scale))
    const whole = Math.max(...sizes.map(size => size.precision - size.scale))
    const type: ValueType = { kind: 'decimal', precision: Math.min(65, whole + scale), scale }
    return { pieces: convert(piece => asDecimal(b, piece, scale)), type, span: 0 }
  }
  const span = Math.max(...known.map(piece => piece.span))
  const unsigned = types.every(type => type.unsigned)
  const need = unsigned ? span : span + 1
  const bits = need <= 8 ? 8 : need <= 16 ? 16 : need <= 24 ? 24 : need <= 32 ? 32 : 64
  const type: ValueType = { kind: 'integer', bits, unsigned }
  if (known.some(isBig))
    return { pieces: convert(piece => asBig(b, piece)), type, span: Math.max(span, spanOfType(type)) }
  return { pieces, type, span }
}

/** A piece made of a choice by its code. */
export function chosen(place: Place, choice: Choice, code: string, nullable: boolean): Piece {
  return {
    at: place.at,
    length: place.length,
    code,
    type: choice.type,
    nullable: nullable || choice.type === null,
    span: choice.span,
    collation: choice.collation,
    charset: choice.charset,
  }
}
