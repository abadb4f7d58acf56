import { isUtf8 } from 'node:buffer'
import type { BodyRow } from './csv-rows.js'
import { JsonScanner, JsonSyntaxError, type JsonToken } from './json-scan.js'
import { LoadError } from './load-error.js'

/**
 * Reads a JSON body (section 5.2): objects one after another, or with `stripOuterArray` one array of objects. A row's fields
 * stand in the order of `names`, matched case-sensitively; the first of equal keys wins, a missing key and JSON null are
 * null. Throws a LoadError for anything else, since StarRocks then fails the whole load.
 */
export function* jsonRows(
  body: Buffer,
  names: readonly string[],
  stripOuterArray: boolean,
): Generator<BodyRow<JsonToken>> {
  if (!isUtf8(body)) throw new LoadError('parse error. UTF8_ERROR: The input is not valid UTF-8')
  const text = body.toString('utf8')
  const scanner = new JsonScanner(text)
  const first = scanner.peek()
  if (first === '') return
  if (first !== '{' && first !== '[') throw new LoadError(`illegal json started with [${first}]`)
  const positions = new Map(names.map((name, at) => [name, at]))
  try {
    if (stripOuterArray) yield* arrayRows(scanner, text, positions)
    else yield* documentRows(scanner, text, positions)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new LoadError(error.message)
    throw error
  }
}

function* documentRows(
  scanner: JsonScanner,
  text: string,
  positions: ReadonlyMap<string, number>,
): Generator<BodyRow<JsonToken>> {
  for (let c = scanner.peek(); c !== ''; c = scanner.peek()) {
    if (c === '[') {
      throw new LoadError(
        'parse error. The value is array type in json document stream, you can set strip_outer_array=true to parse each element of the array as individual rows',
      )
    }
    yield readRow(scanner, text, positions)
  }
}

function* arrayRows(
  scanner: JsonScanner,
  text: string,
  positions: ReadonlyMap<string, number>,
): Generator<BodyRow<JsonToken>> {
  if (scanner.peek() !== '[') {
    throw new LoadError(
      'parse error. the value should be array type with strip_outer_array=true, the value is object type',
    )
  }
  scanner.sign('[')
  if (scanner.peek() === ']') scanner.sign(']')
  else {
    do {
      yield readRow(scanner, text, positions)
    } while (scanner.sign(',]') === ',')
  }
  if (scanner.peek() !== '') throw new JsonSyntaxError('unexpected text behind the array', scanner.at)
}

function readRow(scanner: JsonScanner, text: string, positions: ReadonlyMap<string, number>): BodyRow<JsonToken> {
  scanner.peek()
  const start = scanner.at
  const fields = new Array<JsonToken | null>(positions.size).fill(null)
  const seen = new Set<number>()
  scanner.object((key, value) => {
    const at = positions.get(key)
    if (at === undefined || seen.has(at)) return
    seen.add(at)
    fields[at] = value.kind === 'null' ? null : value
  })
  const end = scanner.at
  // `__op` is known by its place at the end; a row without it is an upsert.
  const operation = positions.get('__op')
  if (operation !== undefined && !seen.has(operation)) fields[operation] = { kind: 'number', text: '0' }
  return { fields, raw: () => text.slice(start, end) }
}
