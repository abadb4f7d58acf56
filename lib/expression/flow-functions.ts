import { choiceOf, chosen } from './choice.js'
import { comparison, conditionPiece } from './comparison.js'
import { conditionOf } from './conversions.js'
import { type Call, type FunctionRow, MANY } from './function-row.js'
import { isColumn, type Piece, refuse } from './piece.js'
import { sharedCollation } from './shared-collation.js'

function coalesce(call: Call): Piece {
  const choice = choiceOf(call.b, call, call.pieces())
  const { pieces } = choice
  if (pieces.length === 1) return chosen(call, choice, pieces[0]!.code, pieces[0]!.nullable)
  return chosen(
    call,
    choice,
    `(${pieces.map(piece => piece.code).join(' ?? ')})`,
    pieces.every(piece => piece.nullable),
  )
}

function ifCall(call: Call): Piece {
  const choice = choiceOf(call.b, call, [call.piece(1), call.piece(2)])
  const [then, otherwise] = choice.pieces as [Piece, Piece]
  const condition = conditionOf(call.b, call.piece(0))
  const code = `(${condition} ? ${then.code} : ${otherwise.code})`
  return { ...chosen(call, choice, code, then.nullable || otherwise.nullable), ragged: choice.ragged }
}

/** NULL where both are equal, else the first. */
function nullif(call: Call): Piece {
  const [first, second] = [call.piece(0), call.piece(1)]
  if (first.type === null) return first
  const name = call.b.variable()
  const { isTrue: _, compact: ___, ...compared } = first
  const { literal: __, ...rest } = compared
  const equal = conditionOf(
    call.b,
    comparison(call.b, call, '=', isColumn(first) ? compared : { ...compared, code: name }, second),
  )
  return {
    ...rest,
    at: call.at,
    length: call.length,
    nullable: true,
    code: `(${name} = ${first.code}, ${equal} ? null : ${name})`,
  }
}

function extreme(sign: '>' | '<'): (call: Call) => Piece {
  return call => {
    const { b } = call
    const temporal = call.pieces().some(piece => /^(date|datetime|time)$/.test(piece.type?.kind ?? ''))
    const choice = choiceOf(b, call, call.pieces())
    if (choice.type?.kind === 'json' || choice.type?.kind === 'bytes')
      refuse(call, `${call.name} knows no order of these`)
    if (temporal && (choice.type?.kind === 'text' || choice.type?.kind === 'time')) {
      refuse(call, `${call.name} of a date or time and something else: cast(… as …) makes them alike`)
    }
    const parts = choice.pieces.map(piece => ({ ...piece, type: piece.type === null ? null : choice.type }))
    if (choice.type === null || parts.some(part => part.type === null))
      return { ...chosen(call, choice, 'null', true), type: null }
    const collation = choice.type.kind === 'text' ? sharedCollation(call, parts) : null
    if (collation !== null && !collation.binary) {
      refuse(call, `which of two texts that differ in case only is the ${call.name} is not certain: use case when`)
    }
    const order = collation?.compare ?? null
    const better = (x: string, y: string): string =>
      order === null ? `${x} ${sign} ${y}` : `${b.hold(order)}(${x}, ${y}) ${sign} 0`
    const result = parts.reduce((best, part) =>
      b.lift(call, [best, part], (x, y) => `${better(y, x)} ? ${y} : ${x}`, { type: choice.type!, span: choice.span }),
    )
    return { ...result, collation: choice.collation, charset: choice.charset }
  }
}

export const FLOW_FUNCTIONS: readonly FunctionRow[] = [
  {
    names: ['if'],
    form: 'if(condition, a, b)',
    text: '`a` where the condition is true, else `b`.',
    count: [3, 3],
    compile: ifCall,
  },
  { names: ['ifnull'], form: 'ifnull(a, b)', text: '`b` where `a` is NULL.', count: [2, 2], compile: coalesce },
  {
    names: ['coalesce'],
    form: 'coalesce(a, …)',
    text: 'The first that is not NULL.',
    count: [1, MANY],
    compile: coalesce,
  },
  {
    names: ['nullif'],
    form: 'nullif(a, b)',
    text: 'NULL where both are equal, else `a`.',
    count: [2, 2],
    compile: nullif,
  },
  {
    names: ['isnull'],
    form: 'isnull(a)',
    text: '1 for NULL, else 0.',
    count: [1, 1],
    compile: call => conditionPiece(call, `(${call.piece(0).code} === null)`),
  },
  {
    names: ['greatest'],
    form: 'greatest(a, b, …)',
    text: 'The largest; NULL where one is NULL.',
    count: [2, MANY],
    compile: extreme('>'),
  },
  {
    names: ['least'],
    form: 'least(a, b, …)',
    text: 'The smallest; NULL where one is NULL.',
    count: [2, MANY],
    compile: extreme('<'),
  },
]
