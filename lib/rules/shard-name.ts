import { isRegexPattern } from '../config/name-pattern.js'

const SUFFIX = '__auto_shard'
/** What may stand behind the literal beginning: digits, separators, and ways to repeat and group them. */
const NUMBERING = /^(?:\\d|[0-9_,+*?{}()|[\]-]|\(\?:)*$/

/**
 * The one target of all tables a pattern stands for, named as StarRocks' migration tool does: "/^course_[0-9]+$/" gives
 * "course__auto_shard". It follows from the pattern alone, so that it is the same whichever tables exist. Null for exact
 * names and for patterns whose tables differ in more than numbers, which may be tables of different meaning.
 */
export function autoShardName(pattern: string): string | null {
  if (!isRegexPattern(pattern)) return null
  const anchored = /^\/\^(.*)\$\/$/s.exec(pattern)?.[1]
  if (anchored === undefined) return null
  const literal = /^(?:[\w-]|[^\x00-\x7f])*(?![+*?{])/.exec(anchored)?.[0] ?? ''
  const numbering = anchored.slice(literal.length)
  const prefix = literal.replace(/[_-]+$/, '')
  if (prefix === '' || numbering === '' || !NUMBERING.test(numbering) || hasOuterAlternative(numbering)) return null
  return prefix + SUFFIX
}

/** Whether a `|` stands outside of all parentheses: then the pattern's beginning is that of one alternative only. */
function hasOuterAlternative(text: string): boolean {
  let depth = 0
  for (const character of text) {
    if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === '|' && depth === 0) return true
  }
  return false
}
