import { expect, test } from '@jest/globals'
import type { SandboxTable } from '../../lib/sandbox/catalog.js'
import { tablesAskedFor } from '../../lib/sandbox/system-tables.js'

const TABLES = [
  { database: 'shop', name: 'orders' },
  { database: 'shop', name: 'lines' },
  { database: 'crm', name: 'orders' },
] as SandboxTable[]
const FROM = 'SELECT * FROM information_schema.columns'
const askedFor = (sql: string) => TABLES.filter(tablesAskedFor(sql)).map(({ database, name }) => `${database}.${name}`)
const ALL = ['shop.orders', 'shop.lines', 'crm.orders']

test.each([
  [`${FROM} WHERE TABLE_SCHEMA = "shop" AND TABLE_NAME = "orders"`, ['shop.orders']],
  [`${FROM} WHERE table_schema='crm' and table_name='orders'`, ['crm.orders']],
  [`${FROM} WHERE TABLE_SCHEMA = "shop" AND TABLE_NAME = "none"`, []],
  // All that could be another question has all tables.
  [`${FROM} WHERE TABLE_SCHEMA = "shop"`, ALL],
  [`${FROM} WHERE TABLE_SCHEMA = "shop" AND TABLE_NAME = "orders" OR 1 = 1`, ALL],
  [`${FROM} WHERE TABLE_SCHEMA = "sh\\"op" AND TABLE_NAME = "orders"`, ALL],
  [`${FROM} WHERE TABLE_SCHEMA = "shop" AND TABLE_NAME = "orders" ORDER BY 1`, ALL],
  [FROM, ALL],
])('%s', (sql, tables) => expect(askedFor(sql)).toEqual(tables))
