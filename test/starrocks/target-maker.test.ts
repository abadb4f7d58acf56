import { describe, expect, test } from '@jest/globals'
import type { TargetRequest } from '../../lib/dispatch/sink.js'
import { TargetMaker, type TargetMakerOptions } from '../../lib/starrocks/target-maker.js'
import { type FakeColumn, FakeStarRocks } from '../support/fake-starrocks.js'

const OPTIONS: TargetMakerOptions = {
  autoCreate: true,
  layout: { bucketCount: 1, replicationNum: 1 },
}
const col = (name: string, type: string, nullable = true) => ({ name, type, nullable, comment: '' })
const REQUEST: TargetRequest = {
  database: 'demo',
  table: 't_user',
  model: 'primary',
  columns: [col('id', 'bigint', false), col('name', 'varchar(80)'), col('age', 'int')],
  key: ['id'],
  comment: '',
  missingColumns: 'add',
}

const ID: FakeColumn = { name: 'id', type: 'bigint(20)', nullable: 'NO' }
const NAME: FakeColumn = { name: 'name', type: 'varchar(80)', nullable: 'YES' }
const AGE: FakeColumn = { name: 'age', type: 'int(11)', nullable: 'YES' }

const make = (server: FakeStarRocks, request = REQUEST, options: Partial<TargetMakerOptions> = {}) =>
  new TargetMaker({ ...OPTIONS, ...options }, server, new AbortController().signal).make(request)

function existing(...columns: FakeColumn[]): FakeStarRocks {
  const server = new FakeStarRocks()
  server.columns = columns
  return server
}

describe('missing targets', () => {
  test('database and table are made', async () => {
    const server = new FakeStarRocks()
    server.database = false
    server.apply = sql => {
      if (sql.startsWith('CREATE TABLE')) server.columns = [ID, NAME, AGE]
    }
    expect(await make(server)).toEqual({
      database: 'demo',
      table: 't_user',
      model: 'primary',
      key: ['id'],
      columns: [
        { name: 'id', type: 'bigint', nullable: false, hasDefault: false },
        { name: 'name', type: 'varchar(80)', nullable: true, hasDefault: false },
        { name: 'age', type: 'int', nullable: true, hasDefault: false },
      ],
    })
    expect(server.executed.map(sql => sql.slice(0, 15))).toEqual(['CREATE DATABASE', 'CREATE TABLE IF'])
  })
  test('an existing database is not made again, which needs no right to', async () => {
    const server = new FakeStarRocks()
    server.apply = () => {
      server.columns = [ID, NAME, AGE]
    }
    await make(server)
    expect(server.executed).toHaveLength(1)
  })
  test('without leave the statement is in the advice', async () => {
    const server = new FakeStarRocks()
    const failing = make(server, REQUEST, { autoCreate: false })
    await expect(failing).rejects.toMatchObject({
      kind: 'targetUnfit',
      advice: expect.stringMatching(/CREATE TABLE IF NOT EXISTS `demo`/),
    })
    expect(server.executed).toEqual([])
  })
  test('a table that stays invisible is a matter of rights', async () => {
    await expect(make(new FakeStarRocks())).rejects.toMatchObject({ kind: 'targetDenied' })
  })
})

describe('missing columns', () => {
  test('are added, and awaited until they are there', async () => {
    const server = existing(ID, NAME)
    server.apply = () => {
      // The job of a shared-data cluster: the column appears some questions later.
      let questions = 0
      Object.defineProperty(server, 'columns', { get: () => (++questions < 3 ? [ID, NAME] : [ID, NAME, AGE]) })
    }
    const table = await make(server)
    expect(server.executed).toEqual(['ALTER TABLE `demo`.`t_user` ADD COLUMN `age` INT NULL'])
    expect(table.columns).toHaveLength(3)
  })
  test('without leave they are named, with the statement', async () => {
    const failing = make(existing(ID, NAME), { ...REQUEST, missingColumns: 'refuse' })
    await expect(failing).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: 'demo.t_user lacks the columns age',
      advice: 'ALTER TABLE `demo`.`t_user` ADD COLUMN `age` INT NULL;',
    })
  })
  test('a cancelled job is a failure', async () => {
    const server = existing(ID, NAME)
    server.alterState = 'CANCELLED'
    await expect(make(server)).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/age.*no space/),
    })
  })
  test('a key column cannot be added', async () => {
    const server = existing({ ...NAME, nullable: 'NO' }, AGE)
    server.key = '`name`'
    await expect(make(server)).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/\(name\).*\(id\)/),
    })
    expect(server.executed).toEqual([])
  })
  test('names are compared as StarRocks does, without case', async () => {
    const server = existing({ ...ID, name: 'ID' }, { ...NAME, name: 'Name' }, AGE)
    server.key = '`ID`'
    expect((await make(server)).key).toEqual(['ID'])
    expect(server.executed).toEqual([])
  })
})

describe('targets that do not suit', () => {
  test.each([
    ['DUP_KEYS', /DUPLICATE KEY/],
    ['AGG_KEYS', /AGGREGATE KEY/],
    ['UNIQUE_KEYS', /UNIQUE KEY/],
  ])('%s', async (model, message) => {
    const server = existing(ID, NAME, AGE)
    server.model = model
    await expect(make(server)).rejects.toMatchObject({ kind: 'targetUnfit', message: expect.stringMatching(message) })
  })
  test('another key', async () => {
    const server = existing(ID, NAME, AGE)
    server.key = '`name`'
    await expect(make(server)).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/\(name\), its source the key \(id\)/),
    })
  })
  test('a type that would change values silently', async () => {
    const request = { ...REQUEST, columns: [col('id', 'bigint', false), col('price', 'decimal(10,4)')] }
    const server = existing(ID, { name: 'price', type: 'decimal(10, 2)', nullable: 'YES' })
    await expect(make(server, request)).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/demo\.t_user\.price/),
      advice: 'ALTER TABLE `demo`.`t_user` MODIFY COLUMN `price` decimal(10,4) NULL;',
    })
  })
  test('a narrower VARCHAR is left to the rows that need it', async () => {
    await expect(make(existing(ID, { ...NAME, type: 'varchar(5)' }, AGE))).resolves.toMatchObject({ table: 't_user' })
  })
  test('a NOT NULL column that gets no value', async () => {
    const extra = { name: 'tenant', type: 'int(11)', nullable: 'NO' }
    const failing = make(existing(ID, NAME, AGE, extra))
    await expect(failing).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/t_user\.tenant/),
    })
    await expect(make(existing(ID, NAME, AGE, { ...extra, default: '0' }))).resolves.toBeDefined()
  })
})

describe('catalogs of other versions', () => {
  const TEXT = [
    'CREATE TABLE `t_user` (',
    '  `id` bigint(20) NOT NULL,',
    '  `name` varchar(80) NULL,',
    '  `age` int(11) NOT NULL DEFAULT "0"',
    ') ENGINE=OLAP ',
    'PRIMARY KEY(`id`)',
    'DISTRIBUTED BY HASH(`id`)',
  ].join('\n')

  test('SHOW CREATE TABLE tells the key where tables_config is missing', async () => {
    const server = existing(ID, NAME, AGE)
    server.model = null
    server.createTable = TEXT
    expect(await make(server)).toMatchObject({ model: 'primary', key: ['id'] })
  })
  test('SHOW CREATE TABLE tells defaults that information_schema keeps back', async () => {
    const server = existing(ID, NAME, { ...AGE, nullable: 'NO' })
    server.createTable = TEXT
    const request = { ...REQUEST, columns: REQUEST.columns.slice(0, 2) }
    expect((await make(server, request)).columns[2]).toMatchObject({ name: 'age', hasDefault: true })
  })
  test('defaults of columns that rows always bring are not asked for', async () => {
    const server = existing(ID, { ...NAME, nullable: 'NO' }, AGE)
    server.createTable = TEXT
    const shown = () => server.asked.filter(sql => sql.startsWith('SHOW CREATE TABLE')).length
    const [id, name, age] = REQUEST.columns
    await make(server, { ...REQUEST, columns: [id!, { ...name!, name: 'NAME', nullable: false }, age!] })
    expect(shown()).toBe(0)
    // A row may come with NULL, or without it.
    await make(server, REQUEST).catch(() => undefined)
    expect(shown()).toBe(1)
  })
  test('a view is refused', async () => {
    const server = existing(ID, NAME, AGE)
    server.model = null
    server.createTable = 'CREATE VIEW `t_user` AS SELECT 1'
    await expect(make(server)).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/no native StarRocks table/),
    })
  })
})
