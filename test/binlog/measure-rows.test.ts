import { describe, expect, test } from '@jest/globals'
import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { compileRowEncoder } from '../../lib/binlog/row-encoder.js'
import type { RowLayout } from '../../lib/binlog/row-layout.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { negateNumber } from '../../lib/binlog/write-int.js'
import { renderColumnsHeader } from '../../lib/rules/columns-header.js'
import { randomFrom, u8, u16, u32, u64 } from '../support/binlog-builder.js'
import { bigint, column, int, varchar } from '../support/bound-columns.js'
import { encodeImages, layoutOf } from '../support/encoded-rows.js'
import { failureOf } from '../support/failure-of.js'

const count = { name: 'n', column: null }
const field = (name: string) => ({ name, form: 'text' as const })

/** The row of op 0 and the row of op 1. */
function both(columns: readonly BoundColumn[], image: Buffer, changes: Partial<RowLayout>): [string, string] {
  const layout = layoutOf(columns, { key: [], ...changes })
  const of = (op: 0 | 1) => encodeImages(layout, image, 0, image.length, { op })[0]!
  expect([of(0).unsafe, of(1).unsafe]).toEqual([false, false])
  return [of(0).text, of(1).text]
}

/** The sum field alone, added and taken away. */
const sums = (summed: BoundColumn, value: Buffer): [string, string] => {
  const only = { fields: [null], measures: [{ name: 's', column: 0 }] }
  const [add, take] = both([summed], Buffer.concat([u8(0), value]), only)
  return [add.slice(0, -1), take.slice(0, -1)]
}

describe('a row of deltas', () => {
  const columns = [int('id'), bigint('shop'), int('qty', { nullable: true }), varchar('note', { nullable: true })]
  const layout = {
    fields: [null, field('shop_id'), null, field('note')],
    measures: [count, { name: 'sold', column: 2 }],
    constants: [{ name: 'src', text: 'a' }],
    key: [1, 3],
  }
  const image = Buffer.concat([u8(0), u32(1), u64(5n), u32(3), u8(1), Buffer.from('x')])
  const empty = Buffer.concat([u8(0b1100), u32(1), u64(5n)])

  test('group columns and sums in source order, constants, counts; op 1 turns every sign', () => {
    expect(both(columns, image, layout)).toEqual(['5\x013\x01x\x01a\x011\x02', '5\x01-3\x01x\x01a\x01-1\x02'])
  })

  test('NULL adds nothing, and a group may be NULL', () => {
    expect(both(columns, empty, layout)).toEqual(['5\x010\x01\\N\x01a\x011\x02', '5\x010\x01\\N\x01a\x01-1\x02'])
  })

  test('the same as JSON', () => {
    const json = { ...layout, format: 'json' as const }
    expect(both(columns, image, json)).toEqual([
      '{"shop_id":"5","sold":"3","note":"x","src":"a","n":"1"}',
      '{"shop_id":"5","sold":"-3","note":"x","src":"a","n":"-1"}',
    ])
    expect(both(columns, empty, json)[1]).toBe('{"shop_id":"5","sold":"0","note":null,"src":"a","n":"-1"}')
  })

  test('the columns header names the fields of a row in their order', () => {
    const whole = layoutOf(columns, layout)
    const fields = whole.fields.map(found => found && { ...found, toBinary: false })
    const names = renderColumnsHeader(fields, { ...whole }, 'csv').split(',')
    expect(names.join()).toBe('`shop_id`,`sold`,`note`,`src`,`n`')
    const values = both(columns, image, layout)[0].slice(0, -1).split('\x01')
    const document = JSON.parse(both(columns, image, { ...layout, format: 'json' })[0])
    expect(Object.fromEntries(names.map((name, i) => [name.slice(1, -1), values[i]]))).toEqual(document)
  })

  test('a column may be group and sum at once, and be summed twice', () => {
    const twice = {
      fields: [field('id'), null, null, null],
      measures: [
        { name: 'a', column: 0 },
        { name: 'b', column: 0 },
        { name: 'c', column: 2 },
        { name: 'd', column: 2 },
      ],
    }
    expect(both(columns, image, twice)).toEqual(['1\x011\x011\x013\x013\x02', '1\x01-1\x01-1\x01-3\x01-3\x02'])
    expect(both(columns, empty, twice)[1]).toBe('1\x01-1\x01-1\x010\x010\x02')
  })

  test('more columns than one generated function takes', () => {
    const wide = Array.from({ length: 70 }, (_, i) => int(`c${i}`, { nullable: i % 2 === 1 }))
    const wideImage = Buffer.concat([Buffer.alloc(9), ...wide.map((_, i) => u32(i))])
    const measures = [count, ...[3, 40, 69].map(i => ({ name: `s${i}`, column: i }))]
    const fields = wide.map((_, i) => (i === 0 || i === 50 ? field(`c${i}`) : null))
    expect(both(wide, wideImage, { fields, measures })).toEqual([
      '0\x013\x0140\x0150\x0169\x011\x02',
      '0\x01-3\x01-40\x0150\x01-69\x01-1\x02',
    ])
  })

  test('the hash is that of the group', () => {
    const hashes = [image, Buffer.concat([u8(0), u32(9), u64(5n), u32(77), u8(1), Buffer.from('x')]), empty].map(
      found => encodeImages(layoutOf(columns, layout), found, 0, found.length)[0]!.hash,
    )
    expect(hashes[0]).toBe(hashes[1])
    expect(hashes[0]).not.toBe(hashes[2])
  })
})

describe('the sign of a sum', () => {
  const integers: [string, BoundColumn, Buffer, string, string][] = [
    ['tinyint', column('v', WIRE.TINY), u8(0x80), '-128', '128'],
    ['tinyint unsigned', column('v', WIRE.TINY, { unsigned: true }), u8(255), '255', '-255'],
    ['smallint unsigned', column('v', WIRE.SHORT, { unsigned: true }), u16(65535), '65535', '-65535'],
    ['mediumint unsigned', column('v', WIRE.INT24, { unsigned: true }), u8(255, 255, 255), '16777215', '-16777215'],
    ['int', int('v'), u32(0x8000_0000), '-2147483648', '2147483648'],
    ['int, zero', int('v'), u32(0), '0', '0'],
    ['int unsigned', int('v', { unsigned: true }), u32(0xffff_ffff), '4294967295', '-4294967295'],
    ['bigint', bigint('v'), u64(1n << 63n), '-9223372036854775808', '9223372036854775808'],
    [
      'bigint unsigned',
      bigint('v', { unsigned: true }),
      u64(2n ** 64n - 1n),
      '18446744073709551615',
      '-18446744073709551615',
    ],
  ]
  test.each(integers)('%s', (_, summed, value, add, take) => {
    expect(sums(summed, value)).toEqual([add, take])
  })

  const decimal = (precision: number, scale: number) => column('v', WIRE.NEWDECIMAL, { length: precision, scale })
  test.each([
    ['12.30', '8000000c1e', '12.30', '-12.30'],
    ['-12.30', '7ffffff3e1', '-12.30', '12.30'],
    ['0.00', '8000000000', '0.00', '0.00'],
    ['-0.05', '7ffffffffa', '-0.05', '0.05'],
  ])('decimal(10,2) %s', (_, hex, add, take) => {
    expect(sums(decimal(10, 2), Buffer.from(hex, 'hex'))).toEqual([add, take])
  })

  test('double and float', () => {
    const double = (value: number) => {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(value)
      return sums(column('v', WIRE.DOUBLE, { length: 8 }), bytes)
    }
    expect([double(1.5), double(-2.5e-300), double(0)]).toEqual([
      ['1.5', '-1.5'],
      ['-2.5e-300', '2.5e-300'],
      ['0', '0'],
    ])
    const float = Buffer.alloc(4)
    float.writeFloatLE(-0.1)
    expect(sums(column('v', WIRE.FLOAT, { length: 4 }), float)).toEqual(['-0.1', '0.1'])
  })

  test('random numbers, added and taken away, are nothing', () => {
    const random = randomFrom(11)
    for (let i = 0; i < 2000; i++) {
      const value = Buffer.from(Array.from({ length: 8 }, () => random(256)))
      value.fill(0, random(9))
      const [add, take] = sums(bigint('v', { unsigned: i % 2 === 0 }), value)
      expect(BigInt(add) + BigInt(take)).toBe(0n)
    }
  })

  test('only the number is turned, at any place of a buffer', () => {
    const turned = (text: string) => {
      const out = Buffer.from(`ab${text}zz`)
      return out.toString('latin1', 0, negateNumber(out, 2, 2 + text.length))
    }
    expect(['7', '-7', '0', '0.000', '0.001', '-0', '-123.450'].map(turned)).toEqual([
      'ab-7',
      'ab7',
      'ab0',
      'ab0.000',
      'ab-0.001',
      'ab0',
      'ab123.450',
    ])
  })
})

test('only numbers are summed', () => {
  for (const bad of [
    varchar('v'),
    column('v', WIRE.DATE),
    column('v', WIRE.YEAR),
    column('v', WIRE.BIT, { length: 8 }),
  ]) {
    const layout = layoutOf([bad], { fields: [null], measures: [{ name: 's', column: 0 }] })
    expect(failureOf(() => compileRowEncoder(layout)).message).toBe('s.t: column v is no number that can be summed')
  }
})
