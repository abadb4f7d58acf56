import { expect, test } from '@jest/globals'
import { writeDouble, writeFloat } from '../../lib/binlog/write-float.js'
import { randomFrom } from '../support/binlog-builder.js'

/** The texts of FLOAT and DOUBLE against JavaScript's own conversion, in the notation of MySQL's my_gcvt (strings/dtoa.cc). */

const seed = (Date.now() & 0x7fffffff) | 1
const out = Buffer.alloc(64)
const bytes = Buffer.alloc(8)
const f64 = new Float64Array(1)
const f64Bits = new BigInt64Array(f64.buffer)
const f32 = new Float32Array(1)
const f32Bits = new Int32Array(f32.buffer)

function expectedText(v: number): string {
  const size = Math.abs(v)
  if (v === 0) return Object.is(v, -0) ? '-0' : '0'
  const [mantissa, exponent] = size.toExponential().split('e') as [string, string]
  const digits = mantissa.replace('.', '')
  const point = Number(exponent) + 1
  const sign = v < 0 ? '-' : ''
  if (point < -14 || (point > 15 && digits.length <= point)) return `${sign}${mantissa}e${Number(exponent)}`
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (digits.length <= point) return `${sign}${digits}${'0'.repeat(point - digits.length)}`
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** The double whose text is that of the float: the first precision that reads back. */
function doubleOf(v: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(v.toPrecision(digits))
    if (Math.fround(candidate) === v) return Object.is(v, -0) ? -0 : candidate
  }
  return Number(v.toPrecision(9))
}

function checkDouble(v: number): void {
  if (!Number.isFinite(v)) return
  bytes.writeDoubleLE(v)
  out.fill(7)
  const end = writeDouble(out, 3, bytes, 0)
  const text = out.toString('latin1', 3, end)
  if (text !== expectedText(v)) throw new Error(`seed ${seed}: DOUBLE ${v} is written ${text}, not ${expectedText(v)}`)
  if (out[2] !== 7 || end > 3 + 40) throw new Error(`seed ${seed}: DOUBLE ${v} is written outside its room`)
}

function checkFloat(v: number): void {
  if (!Number.isFinite(v)) return
  bytes.writeFloatLE(v)
  const text = out.toString('latin1', 3, writeFloat(out, 3, bytes, 0))
  const expected = expectedText(doubleOf(v))
  if (text !== expected) throw new Error(`seed ${seed}: FLOAT ${v} is written ${text}, not ${expected}`)
}

/** The numbers within `steps` of `v`, of either sign. */
function checkAround(v: number, steps: number): void {
  for (let step = -steps; step <= steps; step++) {
    f64[0] = v
    f64Bits[0] = f64Bits[0]! + BigInt(step)
    checkDouble(f64[0])
    checkDouble(-f64[0])
    f32[0] = v
    f32Bits[0] = f32Bits[0]! + step
    checkFloat(f32[0])
    checkFloat(-f32[0])
  }
}

test('at every power of ten and around it', () => {
  for (let power = -46; power <= 40; power++) checkAround(Number(`1e${power}`), 20)
  for (let power = -300; power <= 300; power += 7) checkAround(Number(`1e${power}`), 3)
})

test('at every power of two and around it, where the distance to the next number changes', () => {
  for (let power = -150; power <= 130; power++) checkAround(2 ** power, 12)
})

test('zeros, the smallest and the largest', () => {
  for (const v of [0, -0, 5e-324, 2 ** -1074 * 3, 2 ** -1022, 1.7976931348623157e308, 2 ** -149, 2 ** -126]) {
    checkAround(v, v === 0 ? 0 : 3)
    checkDouble(v)
    checkFloat(Math.fround(v))
  }
  checkAround(2 ** 53, 300)
  checkAround(2 ** 24, 300)
})

test('halves of the last digit, which are rounded away from zero', () => {
  for (let whole = 1; whole < 2 ** 24; whole = Math.ceil(whole * 1.07))
    for (let bits = 1; bits <= 16; bits++) {
      checkFloat(Math.fround(whole + 1 / 2 ** bits))
      checkFloat(Math.fround(-(whole * 2 + 1) / 2 ** bits))
      checkDouble(whole + 1 / 2 ** (2 * bits))
    }
})

test('random numbers: bits, decimals of every length, roots, fractions', () => {
  const random = randomFrom(seed)
  const part = () => random(2 ** 32) / 2 ** 32
  for (let i = 0; i < 10_000; i++) {
    bytes.writeUInt32LE(random(2 ** 32), 0)
    bytes.writeUInt32LE(random(2 ** 32), 4)
    const [double, float] = [bytes.readDoubleLE(0), bytes.readFloatLE(0)]
    checkDouble(double)
    checkFloat(float)
    const sign = random(2) === 0 ? 1 : -1
    const v = sign * (part() + part() / 2 ** 32) * 10 ** (random(22) - 6)
    checkDouble(v)
    checkFloat(Math.fround(v))
    checkDouble(Number(v.toPrecision(1 + random(17))))
    checkFloat(Math.fround(Number(v.toPrecision(1 + random(9)))))
    checkDouble(sign * Math.sqrt(random(1e9)))
    checkDouble((sign * random(2 ** 53)) / 2 ** random(64))
    checkFloat(Math.fround((sign * random(2 ** 24)) / 2 ** random(40)))
  }
  expect(seed).toBeGreaterThan(0)
})
