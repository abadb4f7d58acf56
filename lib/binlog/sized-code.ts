import type { BoundColumn } from './bound-column.js'
import { type ColumnCode, isBase64, type TargetForm } from './column-code.js'
import { converterOf, type ValueConverter } from './converted-value.js'
import { isCompressed, WIRE } from './wire-type.js'

/** Reads the length of a value: `n` is the length and `p` the value's first byte when `body` runs. */
export type SizedValue = (body: string) => { readonly skip: string; readonly write: string }

/** A control character as \u0001. */
const JSON_TEXT_RATIO = 6
const BASE64_RATIO = 4 / 3

/** Code of a text or of bytes; converted, if there is a converter, else as they are. */
export function textCode(column: BoundColumn, i: number, value: SizedValue, form: TargetForm): ColumnCode {
  const converter = converterOf(column, isBase64(form))
  if (converter !== null) return convertedCode(column, i, value, form, converter)
  const padded = column.isBinary && column.type === WIRE.STRING
  const source = padded ? `padBinary(b,p,n,c${i}.scratch),0,${column.length}` : 'b,p,n'
  const pad = padded ? column.length : 0
  const { body, ratio } = textBody(column, source, padded ? `${column.length}` : 'n', form)
  const hash =
    column.form === 'latin1'
      ? 'h=hashLatin1(h,b,p,n);'
      : padded
        ? `h=hashText(h,padBinary(b,p,n,c${i}.scratch),0,${column.length});`
        : 'h=hashText(h,b,p,n);'
  return {
    fixedBytes: null,
    ...value(body),
    inflate: null,
    hash: value(hash).write,
    textBytes: Math.ceil(pad * ratio) + 4,
    textRatio: ratio,
  }
}

/** Values that are not copied from the event but from where their converter puts them. */
function convertedCode(
  { type }: BoundColumn,
  i: number,
  value: SizedValue,
  form: TargetForm,
  { keepsAscii, ratio, extra }: ValueConverter,
): ColumnCode {
  const converter = `c${i}.value`
  const either = (asItIs: string, afterwards: string) => {
    const convert = `const m=${converter}.convert(b,p,n);${afterwards}`
    return keepsAscii ? `if(isAscii(b,p,n)){${asItIs}}else{${convert}}` : convert
  }
  const base64 = `q=writeBase64(${converter}.bytes,0,m,o,q);`
  const body = {
    csv: ['u|=copyChecked(b,p,n,o,q,separators);q+=n;', `u|=copyChecked(${converter}.bytes,0,m,o,q,separators);q+=m;`],
    json: ['q=writeJsonText(b,p,n,o,q);', `q=writeJsonConverted(${converter}.bytes,m,o,q,p);`],
    csvBase64: ['q=writeBase64(b,p,n,o,q);', base64],
    jsonBase64: ['q=writeBase64(b,p,n,o,q);', base64],
  }[form] as [string, string]
  return {
    fixedBytes: null,
    ...value(either(...body)),
    inflate: isCompressed(type) ? value('x+=inflatedBytes(b,p,n);').write : null,
    hash: value(either('h=hashText(h,b,p,n);', `h=hashText(h,${converter}.bytes,0,m);`)).write,
    textBytes: 4 + extra,
    textRatio: form === 'json' ? JSON_TEXT_RATIO : isBase64(form) ? BASE64_RATIO * ratio : ratio,
  }
}

function textBody(
  column: BoundColumn,
  source: string,
  size: string,
  form: TargetForm,
): { body: string; ratio: number } {
  switch (form) {
    case 'csvBase64':
    case 'jsonBase64':
      return { body: `q=writeBase64(${source},o,q);`, ratio: BASE64_RATIO }
    case 'csv':
      return column.form === 'latin1'
        ? { body: 'u|=findCollision(b,p,n,separators);q=writeLatin1(b,p,n,o,q);', ratio: 3 }
        : { body: `u|=copyChecked(${source},o,q,separators);q+=${size};`, ratio: 1 }
    case 'json':
      return column.form === 'latin1'
        ? { body: 'q=writeJsonLatin1(b,p,n,o,q);', ratio: JSON_TEXT_RATIO }
        : { body: `q=writeJsonText(${source},o,q);`, ratio: JSON_TEXT_RATIO }
  }
}
