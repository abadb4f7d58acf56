import type { ValueType } from '../model/value.js'
import { arithmetic } from './arithmetic.js'
import { asBig, asDouble, asNumber } from './conversions.js'
import { cutScale, finite, nearestEven, rescale, signed64, TENS, unsigned64 } from './decimal-math.js'
import { apply, type Call, type FunctionRow, lift } from './function-row.js'
import { BIGINT, DOUBLE, isBig, nullPiece, type Piece, refuse, TRUTH, UNSIGNED_BIGINT } from './piece.js'

/** A number written in the expression: the digits of round and truncate. */
function literalDigits(call: Call): number | null {
  if (call.written.length < 2) return 0
  const piece = call.piece(1)
  if (piece.type === null) return null
  if (typeof piece.literal !== 'number') refuse(piece, 'the number of digits must stand in the expression itself')
  return Math.max(-30, Math.min(30, piece.literal))
}

function abs(call: Call): Piece {
  const x = asNumber(call.b, call.piece(0))
  if (x.type === null) return nullPiece(call)
  if (x.type.kind === 'double') return lift(call, [x], v => `Math.abs(${v})`, { type: DOUBLE })
  if (x.type.kind === 'decimal') return lift(call, [x], v => `${v} < 0n ? -${v} : ${v}`, { type: x.type })
  if (x.type.kind === 'integer' && x.type.unsigned)
    return { ...x, at: call.at, length: call.length, type: UNSIGNED_BIGINT }
  if (!isBig(x)) return lift(call, [x], v => `Math.abs(${v})`, { type: BIGINT, span: x.span })
  return lift(call, [x], v => `${call.b.hold(signed64)}(${v} < 0n ? -${v} : ${v})`, { type: BIGINT })
}

function floorOrCeiling(up: boolean): (call: Call) => Piece {
  return call => {
    const x = asNumber(call.b, call.piece(0))
    if (x.type === null) return nullPiece(call)
    if (x.type.kind === 'double') return lift(call, [x], v => `Math.${up ? 'ceil' : 'floor'}(${v})`, { type: DOUBLE })
    if (x.type.kind !== 'decimal') return { ...x, at: call.at, length: call.length, type: wide(x) }
    const unit = TENS[x.type.scale]!
    const towards = up ? (v: bigint): bigint => -floorOf(-v, unit) : (v: bigint): bigint => floorOf(v, unit)
    return wholeOf(call, x, v => `${call.b.hold(towards)}(${v})`, x.type.precision - x.type.scale + 1)
  }
}

function floorOf(value: bigint, unit: bigint): bigint {
  const quotient = value / unit
  return value < 0n && quotient * unit !== value ? quotient - 1n : quotient
}

/** A decimal without fraction: an integer where its digits leave no doubt that it fits 64 bits. */
function wholeOf(call: Call, x: Piece, build: (v: string) => string, digits: number): Piece {
  if (digits <= 18) return lift(call, [x], build, { type: BIGINT })
  return lift(call, [x], build, { type: { kind: 'decimal', precision: Math.min(65, digits), scale: 0 } })
}

function wide(x: Piece): ValueType {
  return x.type?.kind === 'integer' && x.type.unsigned ? UNSIGNED_BIGINT : BIGINT
}

function rounding(cut: boolean): (call: Call) => Piece {
  return call => {
    const { b } = call
    const x = asNumber(b, call.piece(0))
    const digits = literalDigits(call)
    if (x.type === null || digits === null) return nullPiece(call)
    if (x.type.kind === 'double') {
      return apply(call, [x], (v: never) => roundedDouble(v, digits, cut), { type: DOUBLE })
    }
    if (x.type.kind === 'integer') return roundedInteger(call, x, digits, cut)
    const { precision, scale } = x.type as ValueType & { kind: 'decimal' }
    const kept = Math.max(0, Math.min(digits, scale))
    const move = b.hold(cut ? cutScale : rescale)
    const type: ValueType = {
      kind: 'decimal',
      precision: Math.min(65, precision - scale + kept + (cut ? 0 : 1)),
      scale: kept,
    }
    if (digits >= 0) return lift(call, [x], v => `${move}(${v}, ${scale}, ${kept})`, { type })
    const unit = TENS[-digits]!
    return lift(call, [x], v => `${move}(${v}, ${scale - digits}, 0) * ${unit}n`, { type })
  }
}

function roundedInteger(call: Call, x: Piece, digits: number, cut: boolean): Piece {
  const type = wide(x)
  if (digits >= 0) return { ...x, at: call.at, length: call.length, type }
  const { b } = call
  const move = b.hold(cut ? cutScale : rescale)
  const check = b.hold(type === UNSIGNED_BIGINT ? unsigned64 : signed64)
  return lift(call, [asBig(b, x)], v => `${check}(${move}(${v}, ${-digits}, 0) * ${TENS[-digits]}n)`, { type })
}

/** As MySQL rounds doubles: halves to the even digit, by multiplying and dividing. */
function roundedDouble(value: number, digits: number, cut: boolean): number {
  const power = 10 ** Math.abs(digits)
  const scaled = digits < 0 ? value / power : value * power
  if (!Number.isFinite(scaled)) return value
  const whole = cut ? Math.trunc(scaled) : nearestEven(scaled)
  return digits < 0 ? whole * power : whole / power
}

function sign(call: Call): Piece {
  const x = asNumber(call.b, call.piece(0))
  if (x.type === null) return nullPiece(call)
  const zero = x.type.kind === 'decimal' || (x.type.kind === 'integer' && isBig(x)) ? '0n' : '0'
  return lift(call, [x], v => `${v} > ${zero} ? 1 : ${v} < ${zero} ? -1 : 0`, { type: TRUTH, span: 1 })
}

function sqrt(value: number): number | null {
  return value < 0 ? null : Math.sqrt(value)
}

function pow(base: number, exponent: number): number {
  return finite(base ** exponent)
}

export const NUMBER_FUNCTIONS: readonly FunctionRow[] = [
  { names: ['abs'], form: 'abs(x)', text: 'Without its sign.', count: [1, 1], compile: abs },
  {
    names: ['ceiling', 'ceil'],
    form: 'ceiling(x)',
    text: 'The next whole number above.',
    count: [1, 1],
    compile: floorOrCeiling(true),
  },
  {
    names: ['floor'],
    form: 'floor(x)',
    text: 'The next whole number below.',
    count: [1, 1],
    compile: floorOrCeiling(false),
  },
  {
    names: ['round'],
    form: 'round(x[, digits])',
    text: 'Rounded: decimals half away from zero, doubles half to even.',
    count: [1, 2],
    compile: rounding(false),
  },
  {
    names: ['truncate'],
    form: 'truncate(x, digits)',
    text: 'Cut off behind so many digits.',
    count: [2, 2],
    compile: rounding(true),
  },
  { names: ['sign'], form: 'sign(x)', text: '1, 0 or -1.', count: [1, 1], compile: sign },
  {
    names: ['mod'],
    form: 'mod(a, b)',
    text: 'The rest of a division, as `a % b`.',
    count: [2, 2],
    compile: call => arithmetic(call.b, call, 'mod', call.piece(0), call.piece(1)),
  },
  {
    names: ['power', 'pow'],
    form: 'power(a, b)',
    text: 'A double: `a` to the power of `b`; its last digit may differ.',
    count: [2, 2],
    compile: call =>
      apply(call, [asDouble(call.b, call.piece(0)), asDouble(call.b, call.piece(1))], pow, { type: DOUBLE }),
  },
  {
    names: ['sqrt'],
    form: 'sqrt(x)',
    text: 'A double; NULL below 0.',
    count: [1, 1],
    compile: call => apply(call, [asDouble(call.b, call.piece(0))], sqrt, { type: DOUBLE, mayBeNull: true }),
  },
]
