import { crc32 as nativeCrc32 } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { crc32, tableCrc32 } from '../../lib/binlog/checksum.js'
import { writeDecimal } from '../../lib/binlog/write-decimal.js'
import { writeDouble, writeFloat } from '../../lib/binlog/write-float.js'
import { writeInt32, writeInt64, writePadded, writeUint32, writeUint64 } from '../../lib/binlog/write-int.js'
import { writeInet6 } from '../../lib/binlog/write-network.js'
import { writeDatetime2, writeInstant, writeTime2 } from '../../lib/binlog/write-temporal.js'
import { randomFrom } from '../support/binlog-builder.js'

const out = Buffer.alloc(200)
const written = (write: (o: Buffer, q: number) => number) => out.toString('latin1', 3, write(out, 3))
const seed = (Date.now() & 0x7fffffff) | 1

describe('integers', () => {
  test('32 bits, at every power of ten and two', () => {
    for (let base = 1; base <= 2 ** 32; base = base < 1000 ? base + 1 : Math.floor(base * 1.37))
      for (const v of [base - 1, Math.min(base, 2 ** 32 - 1)]) {
        expect(written((o, q) => writeUint32(o, q, v))).toBe(String(v))
        if (v < 2 ** 31) expect(written((o, q) => writeInt32(o, q, -v))).toBe(String(-v))
      }
    expect(written((o, q) => writeInt32(o, q, -(2 ** 31)))).toBe('-2147483648')
    expect(written((o, q) => writeUint32(o, q, 2 ** 32 - 1))).toBe('4294967295')
  })

  test('64 bits, at powers and at random', () => {
    const random = randomFrom(seed)
    const values: bigint[] = []
    for (let i = 0n; i < 64n; i++) values.push(2n ** i - 1n, 2n ** i, 2n ** i + 1n)
    for (let i = 0n; i < 20n; i++) values.push(10n ** i - 1n, 10n ** i)
    for (let i = 0; i < 1000; i++) values.push((BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32)))
    for (const value of values) {
      const v = BigInt.asUintN(64, value)
      const high = Number(v >> 32n)
      const low = Number(v & 0xffffffffn)
      expect([seed, written((o, q) => writeUint64(o, q, high, low))]).toEqual([seed, String(v)])
      expect([seed, written((o, q) => writeInt64(o, q, high, low))]).toEqual([seed, String(BigInt.asIntN(64, v))])
    }
  })

  test('a fixed number of digits', () => {
    for (let digits = 1; digits <= 9; digits++)
      for (const v of [0, 1, 9, 10 ** digits - 1])
        expect(written((o, q) => writePadded(o, q, v, digits))).toBe(String(v).padStart(digits, '0'))
  })
})

describe('floats', () => {
  const double = (v: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(v)
    return written((o, q) => writeDouble(o, q, bytes, 0))
  }
  const float = (v: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(v)
    return written((o, q) => writeFloat(o, q, bytes, 0))
  }

  test.each([
    [0, '0'],
    [-0, '-0'],
    [1.1, '1.1'],
    [-123456.789, '-123456.789'],
    [1e14, '100000000000000'],
    [1e15, '1e15'],
    [123456789012345680, '1.2345678901234568e17'],
    [1234567890123456.5, '1234567890123456.5'],
    [1e-5, '0.00001'],
    [1e-15, '0.000000000000001'],
    [1e-16, '1e-16'],
    [-1.7976931348623157e308, '-1.7976931348623157e308'],
    [5e-324, '5e-324'],
    [0.30000000000000004, '0.30000000000000004'],
    [999999999.9999999, '999999999.9999999'],
  ])('DOUBLE %d', (v, text) => {
    expect(double(v)).toBe(text)
  })

  test.each([
    [1.1, '1.1'],
    [-0, '-0'],
    [16777216, '16777216'],
    [3.4028234663852886e38, '3.4028235e38'],
    [1.401298464324817e-45, '1e-45'],
    [99.9999, '99.9999'],
    [123456.7, '123456.7'],
    [0.000123, '0.000123'],
  ])('FLOAT %d', (v, text) => {
    expect(float(v)).toBe(text)
  })

  test('random ones read back to the same number, with no digit too many', () => {
    const random = randomFrom(seed)
    const bytes = Buffer.alloc(8)
    for (let i = 0; i < 20_000; i++) {
      bytes.writeUInt32LE(random(2 ** 32), 0)
      bytes.writeUInt32LE(random(2 ** 32), 4)
      const v = i % 3 === 0 ? random(2 ** 31) / 10 ** random(9) : bytes.readDoubleLE(0)
      const f = i % 3 === 0 ? Math.fround(v) : bytes.readFloatLE(0)
      if (Number.isFinite(v)) {
        if (Number(double(v)) !== v) throw new Error(`seed ${seed}: ${v} is written ${double(v)}`)
        const digits = (text: string) => text.replace(/e.*|[-.]/g, '').replace(/^0+|0+$/g, '').length
        if (digits(double(v)) > digits(v.toExponential())) throw new Error(`seed ${seed}: ${v} is written ${double(v)}`)
      }
      if (Number.isFinite(f) && Math.fround(Number(float(f))) !== f)
        throw new Error(`seed ${seed}: ${f} is written ${float(f)}`)
    }
  })

  test('what is no number is refused', () => {
    expect(() => double(Number.NaN)).toThrow(/finite/)
    expect(() => float(Number.POSITIVE_INFINITY)).toThrow(/finite/)
  })
})

describe('times', () => {
  const time = (hex: string, digits: number) => written((o, q) => writeTime2(o, q, Buffer.from(hex, 'hex'), 0, digits))

  test('TIME below zero borrows across its fraction', () => {
    expect(time('800000', 0)).toBe('00:00:00')
    expect(time('7fffc0', 0)).toBe('-00:01:00')
    expect(time('7ffffff6', 1)).toBe('-00:00:00.1')
    expect(time('7fffffff', 2)).toBe('-00:00:00.01')
    expect(time('7fffc000', 2)).toBe('-00:01:00.00')
    expect(time('7fffbfffffff', 6)).toBe('-00:01:00.000001')
    expect(time('b46efb000000', 6)).toBe('838:59:59.000000')
    expect(time('4b9105', 0)).toBe('-838:59:59')
  })

  test('DATETIME of impossible days stays as it is', () => {
    expect(written((o, q) => writeDatetime2(o, q, Buffer.from('8000000000', 'hex'), 0))).toBe('0000-00-00 00:00:00')
    expect(written((o, q) => writeDatetime2(o, q, Buffer.from('99b2be0000', 'hex'), 0))).toBe('2024-02-31 00:00:00')
  })

  test('instants, day by day over four centuries', () => {
    for (let day = -80_000; day < 140_000; day += 97) {
      const seconds = day * 86_400 + 45_296
      const date = new Date(seconds * 1000)
      const text = date.toISOString().slice(0, 19).replace('T', ' ')
      expect(written((o, q) => writeInstant(o, q, seconds))).toBe(text)
    }
  })
})

test('DECIMAL in every length, against text', () => {
  const groups = (digits: string, odd: 'first' | 'last'): Buffer => {
    const bytes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    const rest = digits.length % 9
    const parts: string[] = []
    if (odd === 'first' && rest > 0) parts.push(digits.slice(0, rest))
    for (let i = odd === 'first' ? rest : 0; i + 9 <= digits.length; i += 9) parts.push(digits.slice(i, i + 9))
    if (odd === 'last' && rest > 0) parts.push(digits.slice(digits.length - rest))
    return Buffer.concat(
      parts.map(part => {
        const number = Buffer.alloc(bytes[part.length]!)
        number.writeUIntBE(Number(part), 0, number.length)
        return number
      }),
    )
  }
  const random = randomFrom(seed)
  for (let precision = 1; precision <= 65; precision++)
    for (let scale = 0; scale <= Math.min(30, precision); scale++) {
      const zeros = random(precision - scale + 1)
      const digits = Array.from({ length: precision }, (_, i) => (i < zeros ? 0 : random(10))).join('')
      const whole = digits.slice(0, precision - scale)
      const fraction = digits.slice(precision - scale)
      for (const negative of [false, true]) {
        const bytes = Buffer.concat([groups(whole, 'first'), groups(fraction, 'last')])
        bytes[0]! ^= 0x80
        if (negative) for (let i = 0; i < bytes.length; i++) bytes[i]! ^= 0xff
        const text = `${negative ? '-' : ''}${whole.replace(/^0+/, '') || '0'}${scale > 0 ? `.${fraction}` : ''}`
        expect([seed, written((o, q) => writeDecimal(o, q, bytes, 0, precision, scale))]).toEqual([seed, text])
      }
    }
})

test.each([
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000000000001', '::1'],
  ['00000000000000000000ffff01020304', '::ffff:1.2.3.4'],
  ['00000000000000000000000001020304', '::1.2.3.4'],
  ['fe800000000000000001000000000002', 'fe80::1:0:0:2'],
  ['00010002000300040005000600070000', '1:2:3:4:5:6:7::'],
  ['20010db8000000000000000000000001', '2001:db8::1'],
])('INET6 %s', (hex, text) => {
  expect(written((o, q) => writeInet6(o, q, Buffer.from(hex, 'hex')))).toBe(text)
})

test('CRC32 with and without zlib', () => {
  const random = randomFrom(seed)
  const bytes = Buffer.from(Array.from({ length: 2000 }, () => random(256)))
  for (let n = 0; n < 600; n++) {
    const expected = nativeCrc32(bytes.subarray(n % 7, (n % 7) + n))
    expect(crc32(bytes, n % 7, (n % 7) + n)).toBe(expected)
    expect(tableCrc32(bytes, n % 7, (n % 7) + n)).toBe(expected)
  }
})
