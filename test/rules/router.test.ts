import { describe, expect, test } from '@jest/globals'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { wireColumn } from '../../lib/binlog/wire-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import type { TableSchema, TargetTable } from '../../lib/model/schema.js'
import { Router } from '../../lib/rules/router.js'
import { RuleBook } from '../../lib/rules/rule-book.js'
import type { TargetWish } from '../../lib/rules/target-wish.js'
import { UTC } from '../support/encoded-rows.js'
import { rule } from '../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'

const schemaOf = (table: string): TableSchema => sourceTable([sourceColumn('id', 'int')], { table })

/** Tables a and b of schema s go to d.all, c to d.c. */
function router(): Router {
  const rules = [rule({ table: '/^[ab]$/', targetTable: 'all' }), rule({ table: 'c' })]
  const book = new RuleBook([{ schema: 's', tables: ['/./'] }], rules, 'd')
  const separator = (byte: number) => ({ text: `\\x0${byte}`, bytes: Uint8Array.of(byte) })
  return new Router(
    {
      columnSeparator: separator(1),
      rowDelimiter: separator(2),
      zone: UTC,
      skipTablesWithoutKey: false,
      stopsAtBadValues: true,
    },
    book,
    {
      schemaFor: map => schemaOf(map.table),
      inspect: async () => null,
      prepare: async (wish: TargetWish): Promise<TargetTable> => ({
        database: wish.database,
        table: wish.table,
        model: 'primary',
        columns: wish.columns.map(c => ({ ...c, hasDefault: false })),
        key: wish.key,
      }),
      observer: () => undefined,
    },
  )
}

describe('which targets a truncated table empties', () => {
  test('its own, when nothing else is written there', async () => {
    const r = router()
    await r.learn(schemaOf('c'))
    expect((await r.targetsOf(schemaOf('c'))).map(t => [t.target.table, t.alone])).toEqual([['c', true]])
  })

  test('also when an ALTER came just before, and when it was never bound', async () => {
    const r = router()
    expect((await r.targetsOf(schemaOf('c'))).map(t => [t.target.table, t.alone])).toEqual([['c', true]])
    r.forget('s', 'c', 'add')
    expect((await r.targetsOf(schemaOf('c'))).map(t => [t.target.table, t.alone])).toEqual([['c', true]])
  })

  test('another table that writes there counts, also when it has just been altered or dropped', async () => {
    const r = router()
    await r.learn(schemaOf('a'))
    await r.learn(schemaOf('b'))
    expect((await r.targetsOf(schemaOf('a'))).map(t => t.alone)).toEqual([false])
    r.forget('s', 'b', 'add')
    expect((await r.targetsOf(schemaOf('a'))).map(t => t.alone)).toEqual([false])
  })
})

test('routes tell their rule, and render images by source names whatever the rule takes', async () => {
  const r = router()
  const columns = [wireColumn(WIRE.LONG, { unsigned: false })]
  const map: TableMap = { id: 1, schema: 's', table: 'c', columns, primaryKey: null }
  await r.bind(map)
  const [route] = r.routes(map)
  const image = Buffer.from([0, 7, 0, 0, 0])
  expect(route!.imageText(image, 0, image.length)).toBe('{"id":"7"}')
  expect(route!.rule).toBe('[[rule]] in sync.toml, line 7')
})
