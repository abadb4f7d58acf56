import { type CastTarget, type Expression, type Literal, type Name, partsOf } from './syntax.js'

/**
 * The same expression as SQL of the source server. `render` gives the SQL of a name, quoted, or null where SQL has none
 * ($bin_pos, OLD.x): then the whole is null. Meant for a session with the default sql_mode and utf8mb4.
 */
export function renderSql(expression: Expression, render: (name: Name) => string | null): string | null {
  const parts: (string | null)[] = partsOf(expression).map(part => renderSql(part, render))
  if (parts.includes(null)) return null
  const texts = parts as string[]
  switch (expression.form) {
    case 'literal':
      return literalSql(expression.literal)
    case 'name':
      return render({ row: expression.row, column: expression.column })
    case 'variable':
      return render({ variable: expression.variable })
    case 'minus':
      return `(- ${texts[0]})`
    case 'not':
      return `(not ${texts[0]})`
    case 'logical':
    case 'comparison':
    case 'arithmetic':
      return `(${texts[0]} ${expression.operator} ${texts[1]})`
    case 'between':
      return `(${texts[0]} ${not(expression)}between ${texts[1]} and ${texts[2]})`
    case 'in':
      return `(${texts[0]} ${not(expression)}in (${texts.slice(1).join(', ')}))`
    case 'is':
      return `(${texts[0]} is ${not(expression)}${expression.what === 'null' ? 'null' : expression.what})`
    case 'like': {
      const sign = expression.escape === null ? '' : ` escape ${textSql(expression.escape)}`
      return `(${texts[0]} ${not(expression)}like ${texts[1]}${sign})`
    }
    case 'regexp':
      return `(${texts[0]} ${not(expression)}regexp ${texts[1]})`
    case 'case':
      return caseSql(expression, texts)
    case 'cast':
      return `cast(${texts[0]} as ${castSql(expression.to)})`
    case 'collate':
      return `(${texts[0]} collate ${expression.collation})`
    case 'interval':
      return `interval ${texts[0]} ${expression.unit}`
    case 'word':
      return expression.word
    case 'call':
      if (expression.name === 'extract') return `extract(${texts[0]} from ${texts[1]})`
      if (expression.name === 'trim' && texts.length === 3) return `trim(${texts[0]} ${texts[1]} from ${texts[2]})`
      return `${expression.name}(${texts.join(', ')})`
  }
}

function not(expression: { readonly negated: boolean }): string {
  return expression.negated ? 'not ' : ''
}

function caseSql(expression: Expression & { form: 'case' }, texts: readonly string[]): string {
  const rest = [...texts]
  const operand = expression.operand === null ? '' : ` ${rest.shift()}`
  const branches = expression.branches.map(() => ` when ${rest.shift()} then ${rest.shift()}`)
  const otherwise = expression.otherwise === null ? '' : ` else ${rest.shift()}`
  return `(case${operand}${branches.join('')}${otherwise} end)`
}

function castSql(to: CastTarget): string {
  switch (to.kind) {
    case 'decimal':
      return `decimal(${to.precision},${to.scale})`
    case 'char':
      return to.length === null ? 'char' : `char(${to.length})`
    case 'datetime':
    case 'time':
      return `${to.kind}(${to.fractionDigits})`
    default:
      return to.kind
  }
}

function literalSql(literal: Literal): string {
  switch (literal.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(literal.value)
    case 'integer':
    case 'decimal':
    case 'double':
      return literal.digits
    case 'text':
      return textSql(literal.text)
    case 'bytes':
      return `x'${Buffer.from(literal.bytes).toString('hex')}'`
    case 'datetime':
      return `timestamp${textSql(literal.text)}`
    default:
      return `${literal.kind}${textSql(literal.text)}`
  }
}

/** A text as a string literal: a backslash stays one, so that `\%` reads as it was meant. */
function textSql(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`
}
