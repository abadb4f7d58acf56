import type { BoundColumn } from './bound-column.js'
import type { ColumnCode, TargetForm } from './column-code.js'
import { type SizedValue, textCode } from './sized-code.js'
import { decimalBytes, WIRE } from './wire-type.js'
import { hiresDatetimeBytes, hiresTimeBytes, hiresTimestampBytes } from './write-hires.js'
import { JSON_EXTRA, JSON_RATIO } from './write-json.js'

const U16 = 'b[p]|b[p+1]<<8'
const U24 = 'b[p]|b[p+1]<<8|b[p+2]<<16'
const I32 = 'b[p]|b[p+1]<<8|b[p+2]<<16|b[p+3]<<24'
const HIGH = '(b[p+4]|b[p+5]<<8|b[p+6]<<16|b[p+7]<<24)>>>0'

/** Code of column `i`; its constants are those of `ColumnConstants` in `c<i>`. */
export function columnCode(column: BoundColumn, i: number, form: TargetForm): ColumnCode {
  const { unsigned, length } = column
  switch (column.type) {
    case WIRE.TINY:
      return integer(1, wholeNumber(column), unsigned, 4)
    case WIRE.SHORT:
      return integer(2, wholeNumber(column), unsigned, 6)
    case WIRE.INT24:
      return integer(3, wholeNumber(column), unsigned, 8)
    case WIRE.LONG:
      return integer(4, wholeNumber(column), unsigned, 11)
    case WIRE.LONGLONG: {
      const kind = unsigned ? 'Uint64' : 'Int64'
      return fixed(8, `q=write${kind}At(o,q,b,p);`, 20, `h=hash${kind}(h,${HIGH},(${I32})>>>0);`)
    }
    case WIRE.FLOAT:
      return fixed(4, 'q=writeFloat(o,q,b,p);', 32)
    case WIRE.DOUBLE:
      return fixed(8, 'q=writeDouble(o,q,b,p);', 40)
    case WIRE.NEWDECIMAL: {
      const bytes = decimalBytes(length, column.scale)
      return fixed(bytes, `q=c${i}.decimal(o,q,b,p);`, length + 3)
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
      return fixed(length, write, most, `{const s=c${i}.texts[${index}];if(s!=null)h=hashText(h,s,0,s.length);}`)
    }
    case WIRE.SET:
      return set(column, i, form)
    case WIRE.VARCHAR:
    case WIRE.VARCHAR_COMPRESSED:
    case WIRE.STRING:
      return column.form === 'uuid' || column.form === 'inet4' || column.form === 'inet6'
        ? special(column, i)
        : textCode(column, i, wireSized(column), form)
    case WIRE.JSON:
      return json(length, form)
    default:
      return textCode(column, i, wireSized(column), form)
  }
}

/** The value at `p` of an integer of up to 32 bits, as an expression. */
export function wholeNumber({ type, unsigned }: Pick<BoundColumn, 'type' | 'unsigned'>): string {
  switch (type) {
    case WIRE.TINY:
      return unsigned ? 'b[p]' : 'b[p]<<24>>24'
    case WIRE.SHORT:
      return unsigned ? U16 : `(${U16})<<16>>16`
    case WIRE.INT24:
      return unsigned ? U24 : `(${U24})<<8>>8`
    default:
      return unsigned ? `(${I32})>>>0` : I32
  }
}

/** Values with a length in front of them. */
export function wireSized({ type, length }: BoundColumn): SizedValue {
  switch (type) {
    case WIRE.VARCHAR:
    case WIRE.VARCHAR_COMPRESSED:
    case WIRE.STRING:
      return prefixed(length > 255 ? 2 : 1)
    default:
      return prefixed(length)
  }
}

function fixed(bytes: number, write: string, textBytes: number, hash?: string): ColumnCode {
  return {
    fixedBytes: bytes,
    skip: `p+=${bytes};`,
    write: `${write}p+=${bytes};`,
    inflate: null,
    // As its text, which is what a key has in common with its row read by SELECT.
    hash: hash ?? `{const o=scratchText;let q=0;${write}h=hashText(h,o,0,q);}`,
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
  if (bytes <= 4) return integer(bytes, sum(0, bytes), true, 20)
  const halves = `${sum(0, bytes - 4)},${sum(bytes - 4, bytes)}`
  return fixed(bytes, `q=writeUint64(o,q,${halves});`, 20, `h=hashUint64(h,${halves});`)
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
  const hash =
    `{let m=0;for(let k=0;k<${length * 8};k++){const s=(b[p+(k>>3)]>>(k&7)&1)===0?null:c${i}.texts[k+1];if(s==null)continue;` +
    `if(m>0)c${i}.scratch[m++]=44;m=writeConstant(c${i}.scratch,m,s);}h=hashText(h,c${i}.scratch,0,m);}`
  return fixed(length, write, most, hash)
}

/** A length of `prefix` bytes, then the value. */
function prefixed(prefix: number): SizedValue {
  const size = [``, 'b[p]', U16, U24, `(${I32})>>>0`][prefix]!
  const head = `const n=${size};p+=${prefix};if(n>limit-p)tooLong(n,p,limit);`
  return body => ({ skip: `{${head}p+=n;}`, write: `{${head}${body}p+=n;}` })
}

/** In CSV a document that begins with none of `{["` would be loaded as a JSON string. */
function json(prefix: number, form: TargetForm): ColumnCode {
  const body =
    form === 'csv'
      ? '{const s=q;q=writeJson(b,p,n,o,q);const f=o[s];u|=f===123||f===91||f===34?findInDocument(o,s,q-s,separators):1;}'
      : 'q=writeJson(b,p,n,o,q);'
  return {
    fixedBytes: null,
    ...prefixed(prefix)(body),
    inflate: null,
    hash: prefixed(prefix)('h=hashBytes(h,b,p,n);').write,
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
    ...prefixed(1)(`q=${write}(o,q,${value});`),
    inflate: null,
    hash: prefixed(1)(`h=hashText(h,${room},0,${write}(${room},0,${value}));`).write,
    textBytes: 48,
    textRatio: 0,
  }
}
