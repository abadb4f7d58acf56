import type { BoundColumn } from './bound-column.js'
import type { ColumnCode, TargetForm } from './column-code.js'
import { type SizedValue, textCode } from './sized-code.js'
import { WIRE } from './wire-type.js'

/** A value of the text protocol; short lengths stand in the first byte. */
export const lengthEncoded: SizedValue = body => {
  const head =
    'let n=b[p];if(n<251)p++;else{n=longLength(b,p);p+=longLengthBytes(b,p);}if(!(n<=limit-p))tooLong(n,p,limit);'
  return { skip: `{${head}p+=n;}`, write: `{${head}${body}p+=n;}` }
}

/** Code of column `i` of rows of the text protocol (`TextRows`), whose values are the text that the stream writes, or raw bytes. */
export function textColumnCode(column: BoundColumn, i: number, form: TargetForm): ColumnCode {
  switch (column.form) {
    case 'number':
      return column.type === WIRE.FLOAT ? float() : plain(longestText(column))
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return plain(longestText(column))
    case 'json':
      return json(form)
    case 'labels':
      // As in the stream, labels are text whatever the target column is.
      return textCode(column, i, lengthEncoded, form.startsWith('csv') ? 'csv' : 'json')
    default:
      return textCode(column, i, lengthEncoded, form)
  }
}

/** Digits, points and colons: no separator is among them. */
function plain(textBytes: number): ColumnCode {
  return {
    fixedBytes: null,
    ...lengthEncoded('q=copyPlain(b,p,n,o,q);'),
    inflate: null,
    hash: lengthEncoded('h=hashText(h,b,p,n);').write,
    textBytes,
    textRatio: 1,
  }
}

/** Arrives as the text of a double of the same value: a FLOAT's own text has six digits, too few to tell it from its neighbours. */
function float(): ColumnCode {
  return {
    ...plain(FLOAT_BYTES),
    ...lengthEncoded('q=writeFloatText(o,q,b,p,n);'),
    hash: lengthEncoded('h=hashText(h,scratchText,0,writeFloatText(scratchText,0,b,p,n));').write,
  }
}

/** In CSV a document that begins with none of `{["` would be loaded as a JSON string. */
function json(form: TargetForm): ColumnCode {
  const check = 'const f=b[p];u|=f===123||f===91||f===34?findInDocument(b,p,n,separators):1;'
  return {
    ...plain(0),
    ...lengthEncoded(`${form === 'csv' ? check : ''}q=copyPlain(b,p,n,o,q);`),
    hash: lengthEncoded('h=hashBytes(h,b,p,n);').write,
  }
}

const FLOAT_BYTES = 32
const DOUBLE_BYTES = 40
const DECIMAL_BYTES = 68
const INTEGER_BYTES = 21
const OTHER_BYTES = 48

function longestText({ type }: BoundColumn): number {
  switch (type) {
    case WIRE.DOUBLE:
      return DOUBLE_BYTES
    case WIRE.NEWDECIMAL:
      return DECIMAL_BYTES
    case WIRE.LONGLONG:
      return INTEGER_BYTES
    default:
      return OTHER_BYTES
  }
}
