import { refuse } from './piece.js'
import type { Place } from './syntax.js'

const LINE_ENDS = '\\n\\r\\u0085\\u2028\\u2029'
const PLAIN_ESCAPES = '\\^$.*+?()[]{}|/-'

/**
 * The JavaScript form of a pattern of MySQL's REGEXP (ICU). What the two read differently is put into words that both
 * read alike, or refused (ExpressionProblem): \w, \b, \s, [:classes:], look-behind, modifiers.
 */
export function regexpOf(place: Place, pattern: string, caseless: boolean): RegExp {
  if (pattern === '') refuse(place, 'the pattern must not be empty')
  let source = ''
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!
    if (c === '\\') {
      const next = pattern[++i] ?? ''
      source += escaped(place, next, inClass)
    } else if (inClass) {
      if (c === '[' || (c === '&' && pattern[i + 1] === '&') || (c === '-' && pattern[i + 1] === '-')) {
        refuse(place, `"${c}" within [ ] stands behind a backslash; classes in classes are not known here`)
      }
      if (c === ']') inClass = false
      source += c
    } else if (c === '[') {
      inClass = true
      source += c
      if (pattern[i + 1] === '^') source += pattern[++i]
      if (pattern[i + 1] === ']') refuse(place, '"]" right behind "[" stands behind a backslash')
    } else if (c === '.') source += `[^${LINE_ENDS}]`
    else if (c === '$') source += `(?=(?:\\r\\n|[${LINE_ENDS}])?$)`
    else if (c === '(' && pattern[i + 1] === '?') {
      if (pattern[i + 2] !== ':') refuse(place, 'of the groups that begin with "(?", only (?:…) is known')
      source += '(?:'
      i += 2
    } else if (/[*+?}]/.test(c) && pattern[i + 1] === '+') {
      refuse(place, 'possessive quantifiers such as "a++" are not known')
    } else source += c
  }
  try {
    return new RegExp(source, caseless ? 'iu' : 'u')
  } catch (error) {
    // The only thing that can be wrong is the pattern, and the engine's words say what.
    return refuse(place, `this is no pattern: ${(error as Error).message.replace(/^.*\/i?u: /, '')}`)
  }
}

function escaped(place: Place, next: string, inClass: boolean): string {
  if (next === 'd') return '\\p{Nd}'
  if (next === 'D' && !inClass) return '\\P{Nd}'
  if (next === 't' || next === 'n' || next === 'r') return `\\${next}`
  if (next !== '' && PLAIN_ESCAPES.includes(next)) return `\\${next === '-' && !inClass ? 'x2d' : next}`
  return refuse(place, `"\\${next}" in a pattern is not known; of the classes, \\d and \\D are`)
}
