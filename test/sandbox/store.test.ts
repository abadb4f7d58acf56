import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { SandboxColumn, SandboxTable } from '../../lib/sandbox/catalog.js'
import { type ColumnType, scalarType } from '../../lib/sandbox/column-type.js'
import { Store } from '../../lib/sandbox/store.js'
import { createDatabase, createTable } from '../../lib/sandbox/table-storage.js'

const column = (name: string, type: ColumnType): SandboxColumn => ({
  name,
  type,
  nullable: true,
  default: null,
  autoIncrement: false,
  generated: null,
  aggregate: null,
  comment: '',
})

const orders: Omit<SandboxTable, 'id'> = {
  database: 'shop',
  name: 'orders',
  model: 'primary',
  columns: [column('id', scalarType('bigint', [])), column('total', scalarType('decimal', [20, 4]))],
  key: ['id'],
  comment: '',
  properties: {},
  distribution: 'HASH(`id`)',
  partitionBy: null,
  orderBy: [],
}

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

describe('store', () => {
  test('rows and catalog survive a restart together', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-store-'))
    folders.push(dataDir)
    const first = await Store.open({ dataDir })
    await createDatabase(first, 'shop')
    const table = await createTable(first, orders)
    await first.write(connection => connection.run(`INSERT INTO ${first.physicalName(table)} VALUES (7, 1.5)`))
    await first.close()
    const second = await Store.open({ dataDir })
    const found = second.catalog.requireTable('shop', 'orders')
    const reader = await second.reader()
    const rows = await reader.runAndReadAll(`SELECT id, total::VARCHAR FROM ${second.physicalName(found)}`)
    expect(found).toEqual(table)
    expect(rows.getRows()).toEqual([[7n, '1.5000']])
    reader.closeSync()
    await second.close()
  })

  test('names of databases and tables are case-sensitive', async () => {
    const store = await Store.open({ dataDir: null })
    await createDatabase(store, 'shop')
    await createDatabase(store, 'SHOP')
    await createTable(store, orders)
    await createTable(store, { ...orders, name: 'ORDERS' })
    expect(store.catalog.tables('shop').map(table => table.name)).toEqual(['ORDERS', 'orders'])
    expect(store.catalog.tables('SHOP')).toEqual([])
    await expect(createTable(store, orders)).rejects.toMatchObject({ message: "Table 'orders' already exists" })
    await store.close()
  })

  test('a failing definition changes neither catalog nor rows', async () => {
    const store = await Store.open({ dataDir: null })
    const failing = store.define(async (connection, draft) => {
      draft.addDatabase('half')
      await connection.run('CREATE SCHEMA half')
      throw new Error('stop')
    })
    await expect(failing).rejects.toThrow('stop')
    expect(store.catalog.hasDatabase('half')).toBe(false)
    const reader = await store.reader()
    const schemas = await reader.runAndReadAll("SELECT * FROM duckdb_schemas() WHERE schema_name = 'half'")
    expect(schemas.getRows()).toEqual([])
    reader.closeSync()
    await store.close()
  })

  test('a write that leaves its transaction open is rolled back before the next one', async () => {
    const store = await Store.open({ dataDir: null })
    await createDatabase(store, 'shop')
    const rows = store.physicalName(await createTable(store, orders))
    await store.write(async connection => {
      await connection.run('BEGIN')
      await connection.run(`INSERT INTO ${rows} VALUES (1, 1)`)
    })
    await store.write(async connection => {
      await connection.run('BEGIN')
      await connection.run(`INSERT INTO ${rows} VALUES (2, 2)`)
      await connection.run('COMMIT')
    })
    const reader = await store.reader()
    expect((await reader.runAndReadAll(`SELECT id FROM ${rows}`)).getRows()).toEqual([[2n]])
    reader.closeSync()
    await store.close()
  })
})
