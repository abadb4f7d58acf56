import { describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { type WireColumn, wireColumn } from '../../lib/binlog/wire-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { Failure } from '../../lib/model/failure.js'
import type { SourceColumn, TableSchema } from '../../lib/model/schema.js'
import { column } from '../starrocks/fixtures.js'

const source = (name: string, dataType: string, facts: Partial<SourceColumn> = {}): SourceColumn =>
  column(dataType, { name, nullable: false, ...facts })

const map = (...columns: WireColumn[]): TableMap => ({ id: 1, schema: 's', table: 't', columns, primaryKey: null })
const table = (...columns: SourceColumn[]): TableSchema => ({ schema: 's', table: 't', columns, key: [], comment: '' })

function mismatch(column: WireColumn, known: SourceColumn | null): string {
  try {
    bindTable(map(column), known === null ? null : table(known))
  } catch (error) {
    if (error instanceof Failure && error.kind === 'schemaMismatch') return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}

const int = source('n', 'int')
const text = source('v', 'varchar', { columnType: 'varchar(10)', charset: 'utf8mb4', maxLength: 10 })

describe('one side fills what the other leaves open', () => {
  test('signedness, charset, name and labels from the table', () => {
    const columns = bindTable(
      map(
        wireColumn(WIRE.LONG),
        wireColumn(WIRE.VARCHAR, { length: 40, nullable: true }),
        wireColumn(WIRE.ENUM, { length: 1, unsigned: false }),
      ),
      table({ ...int, unsigned: true }, text, source('e', 'enum', { charset: 'utf8mb4', members: ['a', 'é'] })),
    )
    expect(columns.map(column => [column.table, column.name, column.unsigned, column.form, column.nullable])).toEqual([
      ['s.t', 'n', true, 'number', false],
      ['s.t', 'v', false, 'utf8', true],
      ['s.t', 'e', false, 'labels', false],
    ])
    expect(columns[2]!.members.map(member => Buffer.from(member!).toString())).toEqual(['a', 'é'])
  })

  test('all from a FULL table map', () => {
    const columns = bindTable(
      map(
        wireColumn(WIRE.LONG, { name: 'n', unsigned: true }),
        wireColumn(WIRE.VARCHAR, { name: 'l', length: 40, unsigned: false, collationId: 8 }),
        wireColumn(WIRE.BLOB, { name: 'b', length: 2, unsigned: false, collationId: 63 }),
        wireColumn(WIRE.SET, {
          name: 's',
          length: 1,
          unsigned: false,
          collationId: 255,
          members: ['x'],
          memberCount: 1,
        }),
      ),
      null,
    )
    expect(columns.map(column => [column.name, column.form, column.isBinary, column.undecodable])).toEqual([
      ['n', 'number', false, null],
      ['l', 'latin1', false, null],
      ['b', 'binary', true, null],
      ['s', 'labels', false, null],
    ])
  })

  test('what neither says is a mismatch, not a guess', () => {
    expect(mismatch(wireColumn(WIRE.LONG), null)).toMatch(/s\.t: column 1: no table is known/)
    expect(mismatch(wireColumn(WIRE.LONG, { name: 'n' }), null)).toBe(
      's.t: column 1 (n): neither the table map nor a known table says its signedness',
    )
    expect(mismatch(wireColumn(WIRE.VARCHAR, { name: 'v', unsigned: false }), null)).toMatch(/its charset/)
    expect(mismatch(wireColumn(WIRE.ENUM, { name: 'e', unsigned: false, length: 1 }), null)).toMatch(/its labels/)
  })
})

describe('a contradiction names table, column and both sides', () => {
  test('column count', () => {
    expect(() => bindTable(map(wireColumn(WIRE.LONG)), table(int, int))).toThrow(
      's.t: the table map has 1 columns, the known table 2',
    )
  })

  test.each<[string, WireColumn, SourceColumn, string]>([
    ['type', wireColumn(WIRE.LONGLONG), int, 's.t: column 1 (n) is LONGLONG in the table map; the known table has int'],
    [
      'name',
      wireColumn(WIRE.LONG, { name: 'm' }),
      int,
      's.t: column 1 (n) is named m in the table map; the known table has one named n',
    ],
    [
      'signedness',
      wireColumn(WIRE.LONG, { unsigned: true }),
      int,
      's.t: column 1 (n) is unsigned in the table map; the known table has int',
    ],
    [
      'length',
      wireColumn(WIRE.VARCHAR, { length: 80 }),
      text,
      's.t: column 1 (v) is VARCHAR with length 80 in the table map; the known table has varchar(10) (40)',
    ],
    [
      'charset',
      wireColumn(WIRE.VARCHAR, { length: 40, collationId: 8 }),
      text,
      's.t: column 1 (v) is in charset latin1 in the table map; the known table has charset utf8mb4',
    ],
    [
      'binary',
      wireColumn(WIRE.BLOB, { length: 2, collationId: 255 }),
      source('b', 'blob'),
      's.t: column 1 (b) is in charset utf8mb4 in the table map; the known table has charset binary',
    ],
    [
      'precision',
      wireColumn(WIRE.NEWDECIMAL, { length: 12, scale: 2 }),
      source('d', 'decimal', { columnType: 'decimal(10,2)', precision: 10, scale: 2 }),
      's.t: column 1 (d) is NEWDECIMAL with length 12 in the table map; the known table has decimal(10,2) (10)',
    ],
    [
      'scale',
      wireColumn(WIRE.NEWDECIMAL, { length: 10, scale: 4 }),
      source('d', 'decimal', { columnType: 'decimal(10,2)', precision: 10, scale: 2 }),
      's.t: column 1 (d) is DECIMAL(10,4) in the table map; the known table has decimal(10,2)',
    ],
    [
      'fraction digits',
      wireColumn(WIRE.DATETIME2, { length: 3 }),
      source('d', 'datetime', { columnType: 'datetime(6)', fractionDigits: 6 }),
      's.t: column 1 (d) is DATETIME2 with length 3 in the table map; the known table has datetime(6) (6)',
    ],
    [
      'BLOB size',
      wireColumn(WIRE.BLOB, { length: 2 }),
      source('b', 'longblob'),
      's.t: column 1 (b) is BLOB with length 2 in the table map; the known table has longblob (4)',
    ],
    [
      'label count',
      wireColumn(WIRE.ENUM, { length: 1, memberCount: 2, members: ['a', 'b'] }),
      source('e', 'enum', { columnType: `enum('a')`, charset: 'utf8mb4', members: ['a'] }),
      `s.t: column 1 (e) has 2 labels in the table map; the known table has 1 labels: enum('a')`,
    ],
    [
      'a label',
      wireColumn(WIRE.ENUM, { length: 1, memberCount: 1, members: ['b'] }),
      source('e', 'enum', { columnType: `enum('a')`, charset: 'utf8mb4', members: ['a'] }),
      `s.t: column 1 (e) has "b" as label 1 in the table map; the known table has enum('a')`,
    ],
    [
      'label bytes',
      wireColumn(WIRE.SET, { length: 2, unsigned: false }),
      source('e', 'set', { charset: 'utf8mb4', members: ['a'] }),
      's.t: column 1 (e) has values of 2 bytes in the table map; the known table has 1 labels',
    ],
  ])('%s', (_, column, known, message) => {
    expect(mismatch(column, known)).toBe(message)
  })

  test('utf8 and utf8mb3 are one charset, and collations of one charset agree', () => {
    const known = { ...text, charset: 'utf8' }
    expect(
      bindTable(map(wireColumn(WIRE.VARCHAR, { length: 30, collationId: 192, unsigned: false })), table(known))[0]!
        .form,
    ).toBe('utf8')
  })
})

describe('what cannot be decoded with certainty is marked', () => {
  test.each<[string, WireColumn, SourceColumn | null, string]>([
    [
      'an unknown collation',
      wireColumn(WIRE.VARCHAR, { length: 20, collationId: 1999 }),
      null,
      'is in charset unknown to this version (collation 1999)',
    ],
    [
      'old times with fractions',
      wireColumn(WIRE.TIME),
      null,
      'is in the temporal format from before MySQL 5.6 and may have fractions of a second',
    ],
    [
      'labels in an unknown charset',
      wireColumn(WIRE.ENUM, { length: 1, memberCount: 1, collationId: 1999 }),
      null,
      'has labels in charset unknown to this version (collation 1999)',
    ],
    [
      'BINARY(16) that may be a UUID',
      wireColumn(WIRE.STRING, { length: 16, collationId: 63 }),
      null,
      'is BINARY, UUID, INET4 or INET6 (the table map of MariaDB does not tell which)',
    ],
  ])('%s', (_, column, known, reason) => {
    const named = known === null ? { ...column, name: 'x', unsigned: false } : column
    expect(bindTable(map({ ...named, unsigned: false }), known === null ? null : table(known))[0]!.undecodable).toBe(
      reason,
    )
  })

  test('geometry, vectors of both servers, COMPRESSED columns and other charsets have forms of their own', () => {
    const columns = bindTable(
      map(
        wireColumn(WIRE.GEOMETRY, { length: 4 }),
        wireColumn(WIRE.VECTOR, { length: 4, collationId: 63 }),
        wireColumn(WIRE.VARCHAR, { length: 12 }),
        wireColumn(WIRE.BLOB_COMPRESSED, { length: 2 }),
        wireColumn(WIRE.VARCHAR_COMPRESSED, { length: 20 }),
        wireColumn(WIRE.VARCHAR, { length: 20 }),
      ),
      table(
        source('g', 'point'),
        source('v', 'vector'),
        source('w', 'vector'),
        source('t', 'text', { charset: 'utf8mb4' }),
        source('b', 'varbinary'),
        source('k', 'varchar', { charset: 'gbk', maxLength: 10 }),
      ),
    )
    expect(columns.map(({ form, charset, isBinary }) => [form, charset, isBinary])).toEqual([
      ['geometry', null, false],
      ['vector', null, false],
      ['vector', null, false],
      ['utf8', null, false],
      ['binary', null, true],
      ['transcoded', 'gbk', false],
    ])
    expect(columns.every(({ undecodable }) => undecodable === null)).toBe(true)
  })

  test('a question mark in a label of the catalog may stand for another character', () => {
    const known = (charset: string) => table(source('e', 'enum', { charset, members: ['a?', 'b'] }))
    const labels = (charset: string, members: string[] | null) =>
      bindTable(
        map(wireColumn(WIRE.ENUM, { length: 1, members, memberCount: members?.length ?? null })),
        known(charset),
      )[0]!.members.map(member => (member === null ? null : Buffer.from(member).toString()))
    expect(labels('utf8mb4', null)).toEqual([null, 'b'])
    expect(labels('utf8mb4', ['a😀', 'b'])).toEqual(['a😀', 'b'])
    expect(labels('utf8mb4', ['a?', 'b'])).toEqual(['a?', 'b'])
    expect(labels('latin1', null)).toEqual(['a?', 'b'])
    expect(() => labels('utf8mb4', ['ab', 'b'])).toThrow(/label 1/)
  })

  test('with a known table UUID, INET and labels in any charset can be decoded', () => {
    const columns = bindTable(
      map(
        wireColumn(WIRE.STRING, { length: 16, unsigned: false }),
        wireColumn(WIRE.STRING, { length: 16, collationId: 63, unsigned: false }),
        wireColumn(WIRE.ENUM, { length: 1, memberCount: 1, collationId: 28, unsigned: false }),
      ),
      table(
        source('u', 'uuid'),
        source('b', 'binary', { maxLength: 16 }),
        source('e', 'enum', { charset: 'gbk', members: ['中'] }),
      ),
    )
    expect(columns.map(column => [column.form, column.isBinary, column.undecodable])).toEqual([
      ['uuid', false, null],
      ['binary', true, null],
      ['labels', false, null],
    ])
  })
})
