import { MAX_JSON_DEPTH } from './json-type.js'
import { ValueProblem } from './value-problem.js'

/** A step into a document: a member's key (its bytes as latin1 text), or a cell, counted from either end. */
export type JsonPathLeg = { readonly key: string } | { readonly index: number; readonly fromEnd: boolean }

const CELL = /\[\s*(?:(\d{1,10})|last(?:\s*-\s*(\d{1,10}))?)\s*\]/y
const QUOTED_KEY = /\.\s*("(?:[^"\\]|\\.)*")/suy
const KEY = /\.\s*([^\s.[\]"*]+)/uy

/**
 * The legs of a path as the binlog carries it (MySQL sql-common/json_path.h): `$`, then `.key`, `."key"` and `[cell]`,
 * without wildcards. Throws ValueProblem for any other text.
 */
export function parseJsonPath(text: string): JsonPathLeg[] {
  const legs: JsonPathLeg[] = []
  if (text[0] !== '$') throw notAPath(text)
  for (let at = 1; at < text.length; ) {
    const [leg, end] = cellAt(text, at) ?? keyAt(text, at)
    legs.push(leg)
    at = end
  }
  if (legs.length > MAX_JSON_DEPTH) throw notAPath(text)
  return legs
}

function cellAt(text: string, at: number): [JsonPathLeg, number] | null {
  CELL.lastIndex = at
  const match = CELL.exec(text)
  if (match === null) return null
  const fromEnd = match[1] === undefined
  return [{ index: Number(match[1] ?? match[2] ?? 0), fromEnd }, CELL.lastIndex]
}

function keyAt(text: string, at: number): [JsonPathLeg, number] {
  QUOTED_KEY.lastIndex = at
  const quoted = QUOTED_KEY.exec(text)
  if (quoted !== null) return [{ key: latin1(unquote(quoted[1]!, text)) }, QUOTED_KEY.lastIndex]
  KEY.lastIndex = at
  const plain = KEY.exec(text)
  if (plain === null) throw notAPath(text)
  return [{ key: latin1(plain[1]!) }, KEY.lastIndex]
}

/** Written as a JSON string. */
function unquote(quoted: string, text: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch (cause) {
    throw Object.assign(notAPath(text), { cause })
  }
}

function latin1(key: string): string {
  return Buffer.from(key).toString('latin1')
}

function notAPath(text: string): ValueProblem {
  return new ValueProblem(`${JSON.stringify(text.slice(0, 200))} is no path into a JSON document`, 0)
}
