import { Failure } from '../model/failure.js'
import type { ValueType } from '../model/value.js'
import type { BoundColumn } from './bound-column.js'
import type { TargetForm } from './column-code.js'
import type { ImageForm, ImageKind } from './image-form.js'
import { lengthEncoded } from './text-column-code.js'
import { wholeNumber, wireSized } from './wire-column-code.js'
import { decimalBytes, isCompressed, WIRE } from './wire-type.js'

type Kind = ValueType['kind']

/** What values a column's images hold. */
function kindOf({ form, type }: BoundColumn): Kind {
  if (form === 'binary') return 'bytes'
  if (form === 'json') return 'json'
  if (form !== 'number') return 'text'
  switch (type) {
    case WIRE.NEWDECIMAL:
      return 'decimal'
    case WIRE.FLOAT:
    case WIRE.DOUBLE:
      return 'double'
    case WIRE.BIT:
      return 'bit'
    case WIRE.YEAR:
      return 'year'
    case WIRE.DATE:
      return 'date'
    case WIRE.DATETIME:
    case WIRE.DATETIME2:
    case WIRE.TIMESTAMP:
    case WIRE.TIMESTAMP2:
      return 'datetime'
    case WIRE.TIME:
    case WIRE.TIME2:
      return 'time'
    default:
      return 'integer'
  }
}

/** How one column of an image is read. */
export interface ReadColumn {
  readonly images: ImageKind
  readonly form: ImageForm
  readonly column: BoundColumn
  /** Its place in the image. */
  readonly i: number
}

/**
 * JavaScript that sets `v` to the value at `p`, which is not NULL, and moves `p` behind it. It is the column's own kind of value;
 * or, asked for as `text`, the text that the stream writes for it (of bytes their base64); or, as `bytes`, the bytes that stand
 * for it in rows of the text protocol.
 * @throws Failure internal for any other type
 */
export function valueCode(read: ReadColumn, type: ValueType): string {
  const own = kindOf(read.column)
  if (type.kind === own) {
    const isOther =
      (type.kind === 'integer' && (type.bits === 64) !== (read.column.type === WIRE.LONGLONG)) ||
      (type.kind === 'decimal' && type.scale !== read.column.scale)
    if (!isOther) return ownCode(read, own)
  } else if (type.kind === 'text') {
    const isBytes = own === 'bytes'
    return writtenCode(read, isBytes ? 'csvBase64' : 'csv', own === 'json' ? 'readUtf8' : 'readAscii')
  } else if (type.kind === 'bytes') return bytesCode(read)
  const { table, name } = read.column
  throw new Failure('internal', `${table}: column ${name} was asked for values of type ${JSON.stringify(type)}`)
}

/** As `valueCode` for a text; one of ASCII characters that stands in the image as it is becomes its span. */
export function spanCode(read: ReadColumn, type: ValueType): string {
  const isPlain = type.kind === 'text' && kindOf(read.column) === 'text' && isStoredAsUtf8(read)
  if (!isPlain) return valueCode(read, type)
  return sized(read)('v=isAscii(b,p,n)?p+n*4294967296:readUtf8(b,p,n);').write
}

function ownCode(read: ReadColumn, kind: Kind): string {
  switch (kind) {
    case 'text':
      return textCode(read)
    case 'bytes':
      return bytesCode(read)
    case 'json':
      return read.images === 'text' ? lengthEncoded('v=readUtf8(b,p,n);').write : writtenCode(read, 'csv', 'readUtf8')
    case 'date':
    case 'datetime':
    case 'time':
      return read.images === 'text' ? lengthEncoded('v=readAscii(b,p,n);').write : writtenCode(read, 'csv', 'readAscii')
    default:
      return read.images === 'text' ? numberText(read.column) : numberCode(read.column)
  }
}

function numberCode({ type, length, scale, unsigned }: BoundColumn): string {
  const within = (bytes: number, value: string) =>
    `if(p+${bytes}>limit)imageTooShort(p+${bytes},limit);v=${value};p+=${bytes};`
  switch (type) {
    case WIRE.LONGLONG:
      return within(8, unsigned ? 'readUint64(b,p)' : 'readInt64(b,p)')
    case WIRE.FLOAT:
      return within(4, 'readFloat(b,p)')
    case WIRE.DOUBLE:
      return within(8, 'readDouble(b,p)')
    case WIRE.NEWDECIMAL:
      return within(decimalBytes(length, scale), `readDecimal(b,p,${length},${scale})`)
    case WIRE.BIT:
      return within((length + 7) >> 3, `readBits(b,p,${(length + 7) >> 3})`)
    case WIRE.YEAR:
      return 'v=b[p]===0?0:1900+b[p];p++;'
    default:
      return `v=${wholeNumber({ type, unsigned })};p+=${INTEGER_BYTES[type]};`
  }
}

const INTEGER_BYTES: Readonly<Record<number, number>> = {
  [WIRE.TINY]: 1,
  [WIRE.SHORT]: 2,
  [WIRE.INT24]: 3,
  [WIRE.LONG]: 4,
}

function numberText({ type, scale }: BoundColumn): string {
  switch (type) {
    case WIRE.LONGLONG:
    case WIRE.BIT:
      return lengthEncoded('v=readBigInteger(b,p,n);').write
    case WIRE.FLOAT:
      return lengthEncoded('v=readFloatText(b,p,n);').write
    case WIRE.DOUBLE:
      return lengthEncoded('v=readDoubleText(b,p,n);').write
    case WIRE.NEWDECIMAL:
      return lengthEncoded(`v=readDecimalText(b,p,n,${scale});`).write
    default:
      return lengthEncoded('v=readInteger(b,p,n);').write
  }
}

function textCode(read: ReadColumn): string {
  const { images, column, i } = read
  if (column.type === WIRE.ENUM && images === 'binlog') {
    const index = column.length === 1 ? 'b[p]' : 'b[p]|b[p+1]<<8'
    return `{const x=${index};v=labels${i}[x];if(v==null)noLabel(x,p,v);p+=${column.length};}`
  }
  return isStoredAsUtf8(read) ? sized(read)('v=readUtf8(b,p,n);').write : writtenCode(read, 'csv', 'readUtf8')
}

/** The text's own bytes are UTF-8, without anything between. */
function isStoredAsUtf8({ images, column }: ReadColumn): boolean {
  const isUtf8 = column.form === 'utf8' || (images === 'text' && column.form === 'labels')
  return isUtf8 && !isCompressed(column.type)
}

function bytesCode(read: ReadColumn): string {
  const { form, type } = read.column
  const isPadded = form === 'binary' && type === WIRE.STRING
  const isRaw = form === 'geometry' || form === 'vector' || (form === 'binary' && !isPadded && !isCompressed(type))
  return isRaw ? sized(read)('v=readBytes(b,p,n);').write : writtenCode(read, 'csv', 'copyOfBytes')
}

function sized({ images, column }: ReadColumn) {
  return images === 'text' ? lengthEncoded : wireSized(column)
}

/** The value is written as the stream writes it, and read from there. */
function writtenCode({ form, column, i }: ReadColumn, target: TargetForm, reader: string): string {
  const { fixedBytes, skip, write, inflate, textBytes, textRatio } = form.column(column, i, target)
  const size = fixedBytes === null ? `${inflate ?? skip}const m=p-s+x;p=s;` : `const m=${fixedBytes};`
  const room = `Math.ceil(m*${textRatio})+${textBytes}`
  return `{const s=p;let x=0,q=0,u=0;${size}const o=roomFor(${room});${write}v=${reader}(o,0,q);}`
}
