import { writePadded, writeUint32 } from './write-int.js'

const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

/**
 * DECIMAL: groups of nine digits in four bytes big-endian, the odd ones before and behind in fewer; the first bit is
 * set for positive numbers, and negative ones have all other bits turned (MySQL strings/decimal.cc bin2decimal).
 */
export function writeDecimal(
  o: Uint8Array,
  q: number,
  b: Uint8Array,
  p: number,
  precision: number,
  scale: number,
): number {
  const negative = b[p]! < 128
  const flip = negative ? 255 : 0
  const whole = precision - scale
  let at = q
  if (negative) o[at++] = 45
  let from = p
  // The first byte carries the sign bit turned over.
  let first = 128
  let begun = false
  let odd = whole % 9
  for (let left = whole; left > 0; ) {
    const digits = odd > 0 ? odd : 9
    const bytes = DIGIT_BYTES[digits]!
    let v = 0
    for (let i = 0; i < bytes; i++) {
      v = (v << 8) | (b[from + i]! ^ flip ^ first)
      first = 0
    }
    from += bytes
    left -= digits
    odd = 0
    if (begun) at = writePadded(o, at, v, digits)
    else if (v > 0) {
      at = writeUint32(o, at, v)
      begun = true
    }
  }
  if (!begun) o[at++] = 48
  if (scale === 0) return at
  o[at++] = 46
  for (let left = scale; left > 0; ) {
    const digits = Math.min(left, 9)
    const bytes = DIGIT_BYTES[digits]!
    let v = 0
    for (let i = 0; i < bytes; i++) {
      v = (v << 8) | (b[from + i]! ^ flip ^ first)
      first = 0
    }
    from += bytes
    left -= digits
    at = writePadded(o, at, v, digits)
  }
  return at
}

/** `writeDecimal` for one precision and scale. */
export type DecimalWriter = (o: Uint8Array, q: number, b: Uint8Array, p: number) => number

const decimalWriters = new Map<string, DecimalWriter>()

/**
 * One function for all columns of this type, in all tables: code that generated row functions call is compiled once, and when
 * a number of another size makes it compile anew, the row functions stay as they are.
 */
export function decimalWriter(precision: number, scale: number): DecimalWriter {
  const type = `${precision},${scale}`
  let writer = decimalWriters.get(type)
  if (writer === undefined) {
    writer = new Function(
      'writePadded,writeUint32',
      `return function writeDecimal(o,q,b,p){${decimalCode(precision, scale)}return q;}`,
    )(writePadded, writeUint32) as DecimalWriter
    decimalWriters.set(type, writer)
  }
  return writer
}

/** Source of the same, unrolled: reads `b[p]`, writes `o[q]`, moves `q`. */
function decimalCode(precision: number, scale: number): string {
  const whole = precision - scale
  let offset = 0
  const read = (digits: number): string => {
    const bytes = DIGIT_BYTES[digits]!
    const parts: string[] = []
    for (let i = 0; i < bytes; i++) {
      const byte = offset === 0 ? '(b[p]^x^128)' : `(b[p+${offset}]^x)`
      const shift = 8 * (bytes - 1 - i)
      parts.push(shift === 0 ? byte : `${byte}<<${shift}`)
      offset++
    }
    return parts.join('|')
  }
  let code = 'const x=b[p]<128?255:0;let v=0;if(x!==0)o[q++]=45;'
  if (whole === 0) code += 'o[q++]=48;'
  else {
    const groups = [...(whole % 9 > 0 ? [whole % 9] : []), ...Array<number>(Math.floor(whole / 9)).fill(9)]
    if (groups.length === 1) code += `v=${read(groups[0]!)};q=writeUint32(o,q,v);`
    else {
      code += 'let z=false;'
      for (const digits of groups)
        code += `v=${read(digits)};if(z){q=writePadded(o,q,v,${digits});}else if(v>0){q=writeUint32(o,q,v);z=true;}`
      code += 'if(!z)o[q++]=48;'
    }
  }
  if (scale > 0) {
    code += 'o[q++]=46;'
    for (let left = scale; left > 0; ) {
      const digits = Math.min(9, left)
      code += `v=${read(digits)};q=writePadded(o,q,v,${digits});`
      left -= digits
    }
  }
  return code
}
