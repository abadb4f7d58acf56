import type { BoundColumn } from './bound-column.js'
import { converterOf, type ValueConverter } from './converted-value.js'
import { decimalBytes, isCompressed, WIRE } from './wire-type.js'
import { decimalCode } from './write-decimal.js'
import { hiresDatetimeBytes, hiresTimeBytes, hiresTimestampBytes } from './write-hires.js'
import { JSON_EXTRA, JSON_RATIO } from './write-json.js'

/** What the generated functions of one column need besides the write functions. */
export interface ColumnConstants {
  /** ENUM, SET: bytes to write for each label, ENUM's index 0 (the empty string) first; null = not certain. */
  readonly labels: readonly (Uint8Array | null)[]
  /** 1 for each of `labels` that CSV cannot carry. */
  readonly labelsUnsafe: Uint8Array
  /** BINARY(n), and MariaDB's types of fixed length: room for the value with its trailing zero bytes. */
  readonly scratch: Buffer
  /** Null: values are copied from the event. */
  readonly value: ValueConverter | null
}

export type TargetForm = 'csv' | 'csvBase64' | 'json' | 'jsonBase64'

export function isBase64(form: TargetForm): boolean {
  return form === 'csvBase64' || form === 'jsonBase64'
}

/**
 * JavaScript for one column. It reads `b` at `p` and writes `o` at `q`, moves both behind the value, sets `u` when CSV
 * cannot carry the value, and may leave the image's fixed parts unchecked: the caller compares `p` with `limit` at the end.
 */
export interface ColumnCode {
  /** Bytes of a value, null when they differ from value to value. */
  readonly fixedBytes: number | null
  /** Moves `p` behind the value. */
  readonly skip: string
  readonly write: string
  /** Adds to `x` what the value at `p` has more bytes inflated, and moves `p` behind it; null = it is not compressed. */
  readonly inflate: string | null
  /** Folds the value at `p` (its bytes end at `e`) into `h`. */
  readonly hash: string
  /** Most bytes that `write` writes for a value: fixed part, and factor of the value's wire bytes. */
  readonly textBytes: number
  readonly textRatio: number
}

/** A control character as \u0001. */
const JSON_TEXT_RATIO = 6
const BASE64_RATIO = 4 / 3

const U16 = 'b[p]|b[p+1]<<8'
const U24 = 'b[p]|b[p+1]<<8|b[p+2]<<16'
const I32 = 'b[p]|b[p+1]<<8|b[p+2]<<16|b[p+3]<<24'
const HIGH = '(b[p+4]|b[p+5]<<8|b[p+6]<<16|b[p+7]<<24)>>>0'

/** Code of column `i`; its constants are `c<i>.labels`, `c<i>.scratch`, `c<i>.value`. */
export function columnCode(column: BoundColumn, i: number, form: TargetForm): ColumnCode {
  const { unsigned, length } = column
  switch (column.type) {
    case WIRE.TINY:
      return integer(1, unsigned ? 'b[p]' : 'b[p]<<24>>24', unsigned, 4)
    case WIRE.SHORT:
      return integer(2, unsigned ? U16 : `(${U16})<<16>>16`, unsigned, 6)
    case WIRE.INT24:
      return integer(3, unsigned ? U24 : `(${U24})<<8>>8`, unsigned, 8)
    case WIRE.LONG:
      return integer(4, unsigned ? `(${I32})>>>0` : I32, unsigned, 11)
    case WIRE.LONGLONG: {
      const kind = unsigned ? 'Uint64' : 'Int64'
      const halves = `${HIGH},(${I32})>>>0`
      return fixed(8, `q=write${kind}(o,q,${halves});`, 20, `h=hash${kind}(h,${halves});`)
    }
    case WIRE.FLOAT:
      return fixed(4, 'q=writeFloat(o,q,b,p);', 32)
    case WIRE.DOUBLE:
      return fixed(8, 'q=writeDouble(o,q,b,p);', 40)
    case WIRE.NEWDECIMAL: {
      const bytes = decimalBytes(length, column.scale)
      return { ...fixed(bytes, '', length + 3), write: `{${decimalCode(length, column.scale)}}` }
    }
    case WIRE.BIT:
      return bit((length + 7) >> 3)
    case WIRE.YEAR:
      return fixed(1, 'q=writeYear(o,q,b[p]);', 4)
    case WIRE.DATE:
      return fixed(3, 'q=writeDate(o,q,b,p);', 10)
    case WIRE.DATETIME2:
      return fixed(5 + fractionBytes(length), `q=writeDatetime2(o,q,b,p);${fraction(5, length)}`, 26)
    case WIRE.TIMESTAMP2: {
      const seconds = '(b[p]<<24|b[p+1]<<16|b[p+2]<<8|b[p+3])>>>0'
      return fixed(4 + fractionBytes(length), `${instant(seconds)}${fraction(4, length)}`, 26)
    }
    case WIRE.TIME2:
      return fixed(3 + fractionBytes(length), `q=writeTime2(o,q,b,p,${length});`, 17)
    case WIRE.TIME:
      if (length > 0) return fixed(hiresTimeBytes(length), `q=writeHiresTime(o,q,b,p,${length});`, 17)
      return fixed(3, 'q=writeOldTime(o,q,b,p);', 11)
    case WIRE.DATETIME:
      if (length > 0) return fixed(hiresDatetimeBytes(length), `q=writeHiresDatetime(o,q,b,p,${length});`, 26)
      return fixed(8, 'q=writeOldDatetime(o,q,b,p);', 26)
    case WIRE.TIMESTAMP:
      if (length > 0)
        return fixed(hiresTimestampBytes(length), `q=writeHiresTimestamp(o,q,b,p,${length},offsetAt);`, 26)
      return fixed(4, instant(`(${I32})>>>0`), 19)
    case WIRE.ENUM: {
      const index = length === 1 ? 'b[p]' : U16
      const most = Math.max(0, ...column.members.map(member => member?.length ?? 0)) * (form.startsWith('json') ? 6 : 1)
      const write = `{const x=${index},s=c${i}.labels[x];if(s==null)noLabel(x,p,s);u|=c${i}.labelsUnsafe[x];q=writeConstant(o,q,s);}`
      return fixed(length, write, most, `{const s=c${i}.labels[${index}];if(s!=null)h=hashText(h,s,0,s.length);}`)
    }
    case WIRE.SET:
      return set(column, i, form)
    case WIRE.VARCHAR:
    case WIRE.VARCHAR_COMPRESSED:
    case WIRE.STRING:
      return column.form === 'uuid' || column.form === 'inet4' || column.form === 'inet6'
        ? special(column, i)
        : text(column, i, length > 255 ? 2 : 1, form)
    case WIRE.JSON:
      return json(length, form)
    default:
      return text(column, i, length, form)
  }
}

function fixed(bytes: number, write: string, textBytes: number, hash?: string): ColumnCode {
  return {
    fixedBytes: bytes,
    skip: `p+=${bytes};`,
    write: `${write}p+=${bytes};`,
    inflate: null,
    hash: hash ?? `h=hashBytes(h,b,p,${bytes});`,
    textBytes,
    textRatio: 0,
  }
}

function integer(bytes: number, value: string, unsigned: boolean, textBytes: number): ColumnCode {
  return fixed(bytes, `q=write${unsigned ? 'Uint' : 'Int'}32(o,q,${value});`, textBytes, `h=hashNumber(h,${value});`)
}

/** Big-endian bits as one unsigned number. */
function bit(bytes: number): ColumnCode {
  const sum = (from: number, to: number) => {
    const parts: string[] = []
    for (let k = from; k < to; k++) parts.push(to - 1 - k === 0 ? `b[p+${k}]` : `b[p+${k}]<<${8 * (to - 1 - k)}`)
    return parts.length === 0 ? '0' : `(${parts.join('|')})>>>0`
  }
  if (bytes <= 4) return fixed(bytes, `q=writeUint32(o,q,${sum(0, bytes)});`, 20)
  return fixed(bytes, `q=writeUint64(o,q,${sum(0, bytes - 4)},${sum(bytes - 4, bytes)});`, 20)
}

function fractionBytes(digits: number): number {
  return (digits + 1) >> 1
}

function fraction(offset: number, digits: number): string {
  return digits === 0 ? '' : `q=writeFraction(o,q,b,p+${offset},${digits});`
}

function instant(seconds: string): string {
  return `{const s=${seconds};q=s===0?writeZeroInstant(o,q):writeInstant(o,q,s+offsetAt(s));}`
}

function set(column: BoundColumn, i: number, form: TargetForm): ColumnCode {
  const { length, members } = column
  const write =
    `{let first=true;for(let k=0;k<${length * 8};k++){if((b[p+(k>>3)]>>(k&7)&1)===0)continue;` +
    `const s=c${i}.labels[k+1];if(s==null)noLabel(k+1,p,s);if(!first){o[q++]=44;u|=separators.table[44];}first=false;u|=c${i}.labelsUnsafe[k+1];q=writeConstant(o,q,s);}}`
  const most = members.reduce((sum, member) => sum + (member?.length ?? 0) * (form.startsWith('json') ? 6 : 1) + 1, 0)
  return fixed(length, `${write}`, most)
}

/** A length of `prefix` bytes, then the value: `n` is the length and `p` the value's first byte when `body` runs. */
function prefixed(prefix: number, body: string): { skip: string; write: string } {
  const size = [``, 'b[p]', U16, U24, `(${I32})>>>0`][prefix]!
  const head = `const n=${size};p+=${prefix};if(n>limit-p)tooLong(n,p,limit);`
  return { skip: `{${head}p+=n;}`, write: `{${head}${body}p+=n;}` }
}

function text(column: BoundColumn, i: number, prefix: number, form: TargetForm): ColumnCode {
  const converter = converterOf(column, isBase64(form))
  if (converter !== null) return converted(column, i, prefix, form, converter)
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
    ...prefixed(prefix, body),
    inflate: null,
    hash: prefixed(prefix, hash).write,
    textBytes: Math.ceil(pad * ratio) + 4,
    textRatio: ratio,
  }
}

/** Values that are not copied from the event but from where their converter puts them. */
function converted(
  { type }: BoundColumn,
  i: number,
  prefix: number,
  form: TargetForm,
  { keepsAscii, ratio, extra }: ValueConverter,
): ColumnCode {
  const value = `c${i}.value`
  const either = (asItIs: string, afterwards: string) => {
    const convert = `const m=${value}.convert(b,p,n);${afterwards}`
    return keepsAscii ? `if(isAscii(b,p,n)){${asItIs}}else{${convert}}` : convert
  }
  const base64 = `q=writeBase64(${value}.bytes,0,m,o,q);`
  const body = {
    csv: ['u|=copyChecked(b,p,n,o,q,separators);q+=n;', `u|=copyChecked(${value}.bytes,0,m,o,q,separators);q+=m;`],
    json: ['q=writeJsonText(b,p,n,o,q);', `q=writeJsonConverted(${value}.bytes,m,o,q,p);`],
    csvBase64: ['q=writeBase64(b,p,n,o,q);', base64],
    jsonBase64: ['q=writeBase64(b,p,n,o,q);', base64],
  }[form] as [string, string]
  return {
    fixedBytes: null,
    ...prefixed(prefix, either(...body)),
    inflate: isCompressed(type) ? prefixed(prefix, 'x+=inflatedBytes(b,p,n);').write : null,
    hash: prefixed(prefix, either('h=hashText(h,b,p,n);', `h=hashText(h,${value}.bytes,0,m);`)).write,
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

/** In CSV a document that begins with none of `{["` would be loaded as a JSON string. */
function json(prefix: number, form: TargetForm): ColumnCode {
  const body =
    form === 'csv'
      ? '{const s=q;q=writeJson(b,p,n,o,q);const f=o[s];u|=f===123||f===91||f===34?findInDocument(o,s,q-s,separators):1;}'
      : 'q=writeJson(b,p,n,o,q);'
  return {
    fixedBytes: null,
    ...prefixed(prefix, body),
    inflate: null,
    hash: prefixed(prefix, 'h=hashBytes(h,b,p,n);').write,
    textBytes: JSON_EXTRA,
    textRatio: JSON_RATIO,
  }
}

/** MariaDB's UUID, INET4 and INET6: BINARY of fixed length on the wire. */
function special(column: BoundColumn, i: number): ColumnCode {
  const write = { uuid: 'writeUuid', inet4: 'writeInet4', inet6: 'writeInet6' }[
    column.form as 'uuid' | 'inet4' | 'inet6'
  ]
  const value = `padBinary(b,p,n,c${i}.scratch)`
  const room = 'scratchText'
  return {
    fixedBytes: null,
    ...prefixed(1, `q=${write}(o,q,${value});`),
    inflate: null,
    hash: prefixed(1, `h=hashText(h,${room},0,${write}(${room},0,${value}));`).write,
    textBytes: 48,
    textRatio: 0,
  }
}
