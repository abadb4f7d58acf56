import { asCount, asText } from './conversions.js'
import { apply, type Call, type FunctionRow, lift, MANY } from './function-row.js'
import { type Made, nullPiece, type Piece, refuse, textType } from './piece.js'
import { joinedCollation, sharedCollation } from './shared-collation.js'
import {
  beforeDelimiter,
  characterCount,
  firstCharacters,
  lastCharacters,
  located,
  lowerCase,
  padded,
  repeated,
  reversed,
  substring,
  trimmedText,
  upperCase,
} from './text-runtime.js'

const COUNT: Made = { type: { kind: 'integer', bits: 32, unsigned: false } }

function text(call: Call, index: number): Piece {
  return asText(call.b, call.piece(index))
}

function count(call: Call, index: number): Piece {
  return asCount(call.b, call.piece(index))
}

/** What is made of texts keeps their collation. */
function made(sources: readonly Piece[], maxLength: number | null, mayBeNull = false): Made {
  return { type: textType(maxLength), mayBeNull, collation: joinedCollation(sources) }
}

function longest(piece: Piece): number | null {
  return piece.type?.kind === 'text' ? piece.type.maxLength : null
}

function sum(lengths: readonly (number | null)[]): number | null {
  return lengths.reduce<number | null>((a, b) => (a === null || b === null ? null : a + b), 0)
}

/** A function of one text that gives one no longer. */
function mapped(run: (value: string) => string): (call: Call) => Piece {
  return call => {
    const x = text(call, 0)
    return withCharset(apply(call, [x], run as never, made([x], longest(x))), [x])
  }
}

/** A text that comes from a column of another character set has other bytes there: length and digests refuse it. */
function withCharset(piece: Piece, sources: readonly Piece[]): Piece {
  const foreign = sources.find(source => source.charset !== null)
  return foreign === undefined ? piece : { ...piece, charset: foreign.charset }
}

function concat(call: Call): Piece {
  const parts = call.pieces().map(piece => asText(call.b, piece))
  const result = lift(call, parts, (...names) => names.join(' + '), made(parts, sum(parts.map(longest))))
  return withCharset(result, parts)
}

/** NULLs among the texts are passed over; a NULL separator makes NULL. */
function concatWs(call: Call): Piece {
  const [separator, ...parts] = call.pieces().map(piece => asText(call.b, piece)) as [Piece, ...Piece[]]
  if (separator.type === null) return nullPiece(call)
  const known = parts.filter(part => part.type !== null)
  const separators = sum([...known.map(longest), ...known.map(() => longest(separator))])
  const join = (x: string): string =>
    `[${known.map(part => part.code).join(', ')}].filter(part => part !== null).join(${x})`
  return withCharset(lift(call, [separator], join, made([separator, ...known], separators)), parts)
}

function cutOut(call: Call): Piece {
  const x = text(call, 0)
  const from = count(call, 1)
  if (call.written.length === 2) {
    return withCharset(
      apply(call, [x, from], ((t: string, p: number) => substring(t, p, Infinity)) as never, made([x], longest(x))),
      [x],
    )
  }
  return withCharset(apply(call, [x, from, count(call, 2)], substring as never, made([x], longest(x))), [x])
}

function end(run: (value: string, size: number) => string): (call: Call) => Piece {
  return call => {
    const x = text(call, 0)
    const size = count(call, 1)
    const length = typeof size.literal === 'number' ? Math.max(0, size.literal) : longest(x)
    return withCharset(apply(call, [x, size], run as never, made([x], length)), [x])
  }
}

function pad(left: boolean): (call: Call) => Piece {
  return call => {
    const [x, size, fill] = [text(call, 0), count(call, 1), text(call, 2)]
    const run = (t: string, n: number, f: string): string | null => padded(t, n, f, left)
    const length = typeof size.literal === 'number' ? Math.max(0, size.literal) : null
    return withCharset(apply(call, [x, size, fill], run as never, made([x, fill], length, true)), [x, fill])
  }
}

function trim(leading: boolean, trailing: boolean): (call: Call) => Piece {
  return call => {
    const word = call.written[0]!.form === 'word' ? call.written[0]!.word : null
    const x = text(call, word === null ? 0 : 2)
    const what = word === null ? call.b.literal(call, ' ', textType(1)) : text(call, 1)
    const run = (t: string, w: string): string =>
      trimmedText(t, w, leading && word !== 'trailing', trailing && word !== 'leading')
    return withCharset(apply(call, [x, what], run as never, made([x, what], longest(x))), [x, what])
  }
}

/** Positions by the collation of the text that is looked into; in what order the arguments stand differs by function. */
function locate(what: number, within: number): (call: Call) => Piece {
  return call => {
    const [x, y] = [text(call, what), text(call, within)]
    if (x.type === null || y.type === null) return nullPiece(call)
    const collation = sharedCollation(call, [y])
    const fold = collation.binary ? null : collation.fold
    const run = (w: string, t: string, from: number): number => located(w, t, from, fold)
    const start = call.written.length > 2 ? count(call, 2) : call.b.literal(call, 1, COUNT.type)
    return apply(call, [x, y, start], run as never, COUNT)
  }
}

function replace(call: Call): Piece {
  const [x, what, by] = [text(call, 0), text(call, 1), text(call, 2)]
  const run = (t: string, w: string, r: string): string => (w === '' ? t : t.replaceAll(w, () => r))
  const length = longest(by) === 0 ? longest(x) : null
  return withCharset(apply(call, [x, what, by], run as never, made([x], length)), [x, by])
}

function byteLength(call: Call): Piece {
  const piece = call.piece(0)
  if (piece.type?.kind === 'bytes') return lift(call, [piece], x => `${x}.length`, COUNT)
  const x = asText(call.b, piece)
  if (x.charset !== null)
    refuse(call, `${call.name} counts the bytes of ${x.charset}, which are not those that are copied: use char_length`)
  return lift(call, [x], v => `Buffer.byteLength(${v})`, COUNT)
}

export const TEXT_FUNCTIONS: readonly FunctionRow[] = [
  {
    names: ['concat'],
    form: 'concat(a, …)',
    text: 'One behind the other; NULL where one is NULL.',
    count: [1, MANY],
    compile: concat,
  },
  {
    names: ['concat_ws'],
    form: "concat_ws(', ', a, …)",
    text: 'With a separator between those that are not NULL.',
    count: [2, MANY],
    compile: concatWs,
  },
  {
    names: ['substring', 'substr', 'mid'],
    form: 'substring(text, from[, count])',
    text: 'Characters from a position, 1 being the first and -1 the last. Also `substring(text from 2 for 3)`.',
    count: [2, 3],
    compile: cutOut,
  },
  {
    names: ['left'],
    form: 'left(text, count)',
    text: 'The first characters.',
    count: [2, 2],
    compile: end(firstCharacters),
  },
  {
    names: ['right'],
    form: 'right(text, count)',
    text: 'The last characters.',
    count: [2, 2],
    compile: end(lastCharacters),
  },
  {
    names: ['substring_index'],
    form: "substring_index(text, ',', count)",
    text: 'What stands before the so-manieth delimiter; below 0 counted from the right.',
    count: [3, 3],
    compile: call => {
      const [x, what] = [text(call, 0), text(call, 1)]
      return withCharset(
        apply(call, [x, what, count(call, 2)], beforeDelimiter as never, made([x, what], longest(x))),
        [x],
      )
    },
  },
  { names: ['upper', 'ucase'], form: 'upper(text)', text: 'In capitals.', count: [1, 1], compile: mapped(upperCase) },
  {
    names: ['lower', 'lcase'],
    form: 'lower(text)',
    text: 'In small letters.',
    count: [1, 1],
    compile: mapped(lowerCase),
  },
  {
    names: ['trim'],
    form: 'trim([[both | leading | trailing] [what] from] text)',
    text: 'Without spaces, or another text, at its ends.',
    count: [1, 3],
    compile: trim(true, true),
  },
  {
    names: ['ltrim'],
    form: 'ltrim(text)',
    text: 'Without spaces in front.',
    count: [1, 1],
    compile: trim(true, false),
  },
  {
    names: ['rtrim'],
    form: 'rtrim(text)',
    text: 'Without spaces at the end.',
    count: [1, 1],
    compile: trim(false, true),
  },
  {
    names: ['replace'],
    form: 'replace(text, what, by)',
    text: 'Every `what` replaced; case counts.',
    count: [3, 3],
    compile: replace,
  },
  {
    names: ['lpad'],
    form: 'lpad(text, count, fill)',
    text: 'Filled from the left, or cut, to so many characters.',
    count: [3, 3],
    compile: pad(true),
  },
  {
    names: ['rpad'],
    form: 'rpad(text, count, fill)',
    text: 'Filled from the right, or cut, to so many characters.',
    count: [3, 3],
    compile: pad(false),
  },
  {
    names: ['repeat'],
    form: 'repeat(text, count)',
    text: 'So many times.',
    count: [2, 2],
    compile: call => {
      const x = text(call, 0)
      return withCharset(apply(call, [x, count(call, 1)], repeated as never, made([x], null, true)), [x])
    },
  },
  { names: ['reverse'], form: 'reverse(text)', text: 'Backwards.', count: [1, 1], compile: mapped(reversed) },
  {
    names: ['char_length', 'character_length'],
    form: 'char_length(text)',
    text: 'Number of characters.',
    count: [1, 1],
    compile: call => apply(call, [text(call, 0)], characterCount as never, COUNT),
  },
  {
    names: ['length', 'octet_length'],
    form: 'length(text)',
    text: 'Number of bytes, in UTF-8; of binary too.',
    count: [1, 1],
    compile: byteLength,
  },
  {
    names: ['locate'],
    form: 'locate(what, text[, from])',
    text: 'Position from 1, by the collation of `text`; 0 where it is not. Also `position(what in text)`.',
    count: [2, 3],
    compile: locate(0, 1),
  },
  {
    names: ['instr'],
    form: 'instr(text, what)',
    text: 'As locate, arguments exchanged.',
    count: [2, 2],
    compile: locate(1, 0),
  },
]
