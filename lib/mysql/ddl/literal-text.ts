import type { SourceColumn } from '../../model/schema.js'

type Literal = { readonly text: string } | { readonly hex: string }

/** What a NOT NULL column without a default gets, as SELECT prints it (BIT as a number); null where that is not known. */
export function zeroText(column: SourceColumn): string | null {
  const fraction = fractionOf('', column.fractionDigits)
  switch (column.dataType) {
    case 'decimal':
      return decimalText('0', column.scale ?? 0)
    case 'date':
      return '0000-00-00'
    case 'time':
      return `00:00:00${fraction}`
    case 'datetime':
    case 'timestamp':
      return `0000-00-00 00:00:00${fraction}`
    case 'year':
      return '0000'
    case 'enum':
      return column.members[0] ?? null
    case 'binary':
      return '\0'.repeat(column.maxLength ?? 0)
    default:
      if (column.precision !== null) return '0'
      return isText(column) || column.dataType === 'set' || isBytes(column) ? '' : null
  }
}

/** A literal default as SELECT prints the value it becomes in this column (BIT as a number); null where that is not certain. */
export function literalText(literal: Literal, column: SourceColumn): string | null {
  if ('hex' in literal) return hexText(literal.hex, column)
  const { text } = literal
  switch (column.dataType) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'bit':
      return /^[+-]?\d+$/.test(text.trim()) ? String(BigInt(text.trim().replace(/^\+/, ''))) : null
    case 'decimal':
      return decimalText(text.trim(), column.scale ?? 0)
    case 'float':
    case 'double':
      return floatText(text.trim(), column)
    case 'enum':
      return labelOf(text, column)
    case 'set':
      return setText(text, column)
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) ? text : null
    case 'time':
    case 'datetime':
    case 'timestamp':
      return temporalText(text, column)
    case 'year':
      return /^\d{4}$/.test(text) ? text : null
    case 'char':
      return text.replace(/ +$/, '')
    case 'binary':
      return /^[\x00-\x7f]*$/.test(text) ? text.padEnd(column.maxLength ?? 0, '\0') : null
    default:
      return isText(column) || isBytes(column) ? text : null
  }
}

/** Local time, given as seconds since 1970 as if it were UTC, with the column's digits; later digits are cut off. */
export function localText(seconds: number, microseconds: number, column: SourceColumn): string {
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${text}${fractionOf(String(microseconds).padStart(6, '0'), column.fractionDigits)}`
}

function hexText(hex: string, column: SourceColumn): string | null {
  if (column.precision !== null && column.scale !== null && column.dataType !== 'decimal') return numberOf(hex)
  if (column.dataType === 'bit') return numberOf(hex)
  const bytes = Buffer.from(hex, 'hex')
  if (!isText(column) && !isBytes(column)) return null
  if (bytes.some(byte => byte > 0x7f)) return null
  return literalText({ text: bytes.toString('latin1') }, column)
}

const numberOf = (hex: string): string => String(hex === '' ? 0n : BigInt(`0x${hex}`))

function decimalText(text: string, scale: number): string | null {
  const parts = /^([+-]?)0*(\d*)(?:\.(\d*))?$/.exec(text)
  if (parts === null || text === '') return null
  const fraction = parts[3] ?? ''
  if (/[1-9]/.test(fraction.slice(scale))) return null
  const whole = parts[2] === '' ? '0' : parts[2]!
  const digits = `${whole}${scale > 0 ? `.${fraction.slice(0, scale).padEnd(scale, '0')}` : ''}`
  return parts[1] === '-' && /[1-9]/.test(digits) ? `-${digits}` : digits
}

/** Exact for as many digits as both forms hold. */
function floatText(text: string, column: SourceColumn): string | null {
  if (!/^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text)) return null
  const digits = text.replace(/e.*/i, '').replace(/\D/g, '').replace(/^0+/, '').length
  const exact = digits <= (column.dataType === 'float' ? 6 : 15)
  const size = Math.abs(Number(text))
  return exact && (size === 0 || (size < 1e14 && size > 1e-4)) ? String(Number(text)) : null
}

function labelOf(text: string, { members }: SourceColumn): string | null {
  const wanted = text.replace(/ +$/, '')
  const exact = members.find(member => member === wanted)
  return exact ?? members.find(member => member.toLowerCase() === wanted.toLowerCase()) ?? null
}

function setText(text: string, column: SourceColumn): string | null {
  if (text === '') return ''
  const labels = text.split(',').map(label => labelOf(label, column))
  if (labels.includes(null)) return null
  return column.members.filter(member => labels.includes(member)).join(',')
}

function temporalText(text: string, { dataType, fractionDigits }: SourceColumn): string | null {
  const pattern =
    dataType === 'time' ? /^(-?\d{2,3}:\d\d:\d\d)(?:\.(\d+))?$/ : /^(\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?)(?:\.(\d+))?$/
  const parts = pattern.exec(text)
  if (parts === null) return null
  const fraction = parts[2] ?? ''
  // Further digits would be rounded.
  if (/[1-9]/.test(fraction.slice(fractionDigits ?? 0))) return null
  const whole = dataType !== 'time' && parts[1]!.length === 10 ? `${parts[1]} 00:00:00` : parts[1]!
  return `${whole}${fractionOf(fraction, fractionDigits)}`
}

function fractionOf(digits: string, count: number | null): string {
  return count === null || count === 0 ? '' : `.${digits.slice(0, count).padEnd(count, '0')}`
}

const isText = ({ dataType }: SourceColumn): boolean => /(char|text)$/.test(dataType)

const isBytes = ({ dataType }: SourceColumn): boolean => /(blob|varbinary)$/.test(dataType) || dataType === 'binary'
