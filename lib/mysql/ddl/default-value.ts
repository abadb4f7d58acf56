import type { DefaultValue } from './ddl.js'
import type { TokenReader } from './token-reader.js'

const NOW = ['CURRENT_TIMESTAMP', 'NOW', 'LOCALTIME', 'LOCALTIMESTAMP'] as const

/** What stands behind DEFAULT. */
export function readDefault(reader: TokenReader): DefaultValue {
  if (reader.accept('NULL')) return { kind: 'null' }
  if (acceptNow(reader)) return { kind: 'now' }
  if (reader.sees('(')) return unwrapped(reader)
  if (reader.accept('TRUE')) return { kind: 'literal', text: '1', number: true }
  if (reader.accept('FALSE')) return { kind: 'literal', text: '0', number: true }
  const token = reader.peek()
  if (token.kind === 'string') return { kind: 'literal', text: reader.string(), number: false }
  if (token.kind === 'bits') return { kind: 'bits', hex: reader.next().text }
  if (reader.sees('-') || reader.sees('+') || token.kind === 'number') return signedNumber(reader)
  if (token.kind === 'word' && reader.peek(1).kind === 'string') {
    // DATE '…', TIME '…', TIMESTAMP '…', or an introducer.
    reader.next()
    return { kind: 'literal', text: reader.string(), number: false }
  }
  return expression(reader)
}

/** NOW, also behind ON UPDATE: with or without parentheses and digits. */
export function acceptNow(reader: TokenReader): boolean {
  if (reader.acceptOne(NOW) === null) return false
  if (reader.sees('(')) reader.parenthesised()
  return true
}

function signedNumber(reader: TokenReader): DefaultValue {
  const sign = reader.accept('-') ? '-' : ''
  reader.accept('+')
  const token = reader.next()
  if (token.kind !== 'number' && token.kind !== 'string') throw reader.fail('a number expected', token)
  return { kind: 'literal', text: sign + token.text, number: true }
}

/** MySQL writes expressions in parentheses; MariaDB also NULL, literals and NOW. */
function unwrapped(reader: TokenReader): DefaultValue {
  const text = reader.parenthesised().trim()
  if (/^null$/i.test(text)) return { kind: 'null' }
  return { kind: 'expression', text }
}

/** MariaDB: a function without parentheses around it; NEXT VALUE FOR a sequence. */
function expression(reader: TokenReader): DefaultValue {
  if (reader.accept('NEXT', 'VALUE', 'FOR')) {
    const name = reader.name()
    if (reader.accept('.')) reader.name()
    return { kind: 'expression', text: `NEXT VALUE FOR ${name}` }
  }
  let text = reader.name()
  while (reader.accept('.')) text += `.${reader.name()}`
  if (reader.sees('(')) text += `(${reader.parenthesised()})`
  return { kind: 'expression', text }
}
