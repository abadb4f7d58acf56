import { refuse } from './piece.js'
import type { Place } from './syntax.js'

/** Steps of a path: member names and indexes. */
export type JsonPath = readonly (string | number)[]

/** '$.name."other name"[0]' without wildcards, ranges and `last`. Throws ExpressionProblem. */
export function jsonPath(place: Place, text: string): JsonPath {
  const steps: (string | number)[] = []
  const step = /\s*(?:\.\s*([A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*|"(?:[^"\\]|\\.)*")|\[\s*(\d+)\s*\])/y
  const start = /^\s*\$/.exec(text)
  if (start === null) refuse(place, "a path begins with $, such as '$.name[0]'")
  step.lastIndex = start[0].length
  let at = step.lastIndex
  for (let match = step.exec(text); match !== null; match = step.exec(text)) {
    at = step.lastIndex
    const [, name, index] = match
    steps.push(name === undefined ? Number(index) : name.startsWith('"') ? memberName(place, name) : name)
  }
  if (text.slice(at).trim() !== '') refuse(place, `a path has names and indexes only: '${text.slice(at)}' is neither`)
  return steps
}

function memberName(place: Place, quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch (error) {
    // The path is the operator's text: what is wrong with it is said.
    return refuse(place, `${quoted} is no name: ${(error as Error).message}`)
  }
}

/**
 * The part of a JSON text, in the server's own form, that stands at a path; null: there is none. Nothing is parsed to
 * values, so numbers stay as they are printed.
 */
export function valueAtPath(text: string, path: JsonPath): string | null {
  let from = skipSpace(text, 0)
  for (const step of path) {
    const found = typeof step === 'number' ? elementAt(text, from, step) : memberAt(text, from, step)
    if (found === -1) return null
    from = found
  }
  return text.slice(from, endOfValue(text, from))
}

/** Offset of an element; what is no array counts as one with itself as its only element. */
function elementAt(text: string, from: number, index: number): number {
  if (text[from] !== '[') return index === 0 ? from : -1
  let at = skipSpace(text, from + 1)
  for (let i = 0; text[at] !== ']'; i++) {
    if (i === index) return at
    at = skipSpace(text, endOfValue(text, at))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return -1
}

function memberAt(text: string, from: number, name: string): number {
  if (text[from] !== '{') return -1
  let at = skipSpace(text, from + 1)
  while (text[at] !== '}') {
    const end = endOfString(text, at)
    const value = skipSpace(text, skipSpace(text, end) + 1)
    if (isName(text, at, end, name)) return value
    at = skipSpace(text, endOfValue(text, value))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return -1
}

function isName(text: string, at: number, end: number, name: string): boolean {
  const raw = text.slice(at + 1, end - 1)
  return raw.includes('\\') ? JSON.parse(text.slice(at, end)) === name : raw === name
}

/** Behind the closing quote of a string that begins at `at`. */
function endOfString(text: string, at: number): number {
  let i = at + 1
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i + 1
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from)
  let depth = 0
  let at = from
  for (; at < text.length; at++) {
    const c = text[at]!
    if (c === '"') {
      at = endOfString(text, at) - 1
      continue
    }
    if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (c === ',' || c === ' ')) return at
  }
  return at
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text[at] === ' ') at++
  return at
}

/** The text of a JSON string; everything else as it is. */
export function unquotedJson(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json
}
