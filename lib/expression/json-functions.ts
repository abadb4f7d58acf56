import { apply, type Call, type FunctionRow, literalText } from './function-row.js'
import { jsonPath, unquotedJson, valueAtPath } from './json-text.js'
import { kindOf, nullPiece, type Piece, refuse, textType } from './piece.js'

function extract(call: Call): Piece {
  const piece = call.piece(0)
  if (piece.type === null) return nullPiece(call)
  if (kindOf(piece) !== 'json') refuse(piece, 'only JSON columns can be looked into; this is none')
  const path = jsonPath(call.written[1]!, literalText(call, 1, 'the path'))
  return apply(call, [piece], (text: never) => valueAtPath(text, path), { type: { kind: 'json' }, mayBeNull: true })
}

function unquote(call: Call): Piece {
  const piece = call.piece(0)
  if (piece.type !== null && kindOf(piece) !== 'json') refuse(piece, 'only JSON can be unquoted; this is none')
  return apply(call, [piece], unquotedJson as never, { type: textType(null) })
}

export const JSON_FUNCTIONS: readonly FunctionRow[] = [
  {
    names: ['json_extract'],
    form: "json_extract(column, '$.path')",
    text: "The JSON at a path of names and indexes; NULL where there is none. Also `column -> '$.path'`.",
    count: [2, 2],
    compile: extract,
  },
  {
    names: ['json_unquote'],
    form: 'json_unquote(json)',
    text: "The text of a JSON string, or the JSON as text. `column ->> '$.path'` does both.",
    count: [1, 1],
    compile: unquote,
  },
]
