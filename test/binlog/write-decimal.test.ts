import { expect, test } from '@jest/globals'
import { decimalBytes } from '../../lib/binlog/wire-type.js'
import { decimalWriter, writeDecimal } from '../../lib/binlog/write-decimal.js'
import { writeInt64, writeInt64At, writeUint64, writeUint64At } from '../../lib/binlog/write-int.js'
import { randomFrom } from '../support/binlog-builder.js'

const seed = (Date.now() & 0x7fffffff) | 1
const out = Buffer.alloc(120)
const written = (write: (o: Buffer, q: number) => number) => out.toString('latin1', 3, write(out, 3))

test('the function of each DECIMAL type writes what the general one writes', () => {
  const random = randomFrom(seed)
  for (let precision = 1; precision <= 65; precision++)
    for (let scale = 0; scale <= Math.min(30, precision); scale++) {
      const write = decimalWriter(precision, scale)
      expect(decimalWriter(precision, scale)).toBe(write)
      const zero = Buffer.alloc(decimalBytes(precision, scale) + 1)
      zero[1] = 0x80
      for (let round = 0; round < 6; round++) {
        const bytes = Buffer.from(zero)
        // Few bytes are set, so that leading groups are zero more often than not, and no group has too many digits.
        for (let k = 0; k < round; k++) bytes[2 + random(bytes.length)] = random(4)
        for (const sign of [0, 0xff]) {
          const image = bytes.map((byte, i) => (i === 0 ? byte : byte ^ sign)) as Buffer
          const text = written((o, q) => writeDecimal(o, q, image, 1, precision, scale))
          expect([seed, written((o, q) => write(o, q, image, 1))]).toEqual([seed, text])
        }
      }
    }
})

test('64 bits where they stand are 64 bits in halves', () => {
  const random = randomFrom(seed)
  const bytes = Buffer.alloc(11)
  const words = [
    0,
    1,
    9,
    10,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    2_097_151,
    2_097_152,
    ...[0, 0, 0].map(() => random(2 ** 32)),
  ]
  for (const high of words)
    for (const low of words) {
      bytes.writeUInt32LE(low, 3)
      bytes.writeUInt32LE(high, 7)
      const unsigned = String((BigInt(high) << 32n) | BigInt(low))
      expect(written((o, q) => writeUint64At(o, q, bytes, 3))).toBe(unsigned)
      expect(written((o, q) => writeUint64(o, q, high, low))).toBe(unsigned)
      const signed = String(BigInt.asIntN(64, BigInt(unsigned)))
      expect(written((o, q) => writeInt64At(o, q, bytes, 3))).toBe(signed)
      expect(written((o, q) => writeInt64(o, q, high, low))).toBe(signed)
    }
})
