import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Failure } from '../../lib/model/failure.js'
import type { TargetTable } from '../../lib/model/schema.js'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import { Frontends } from '../../lib/starrocks/frontends.js'
import { StarRocksSession, type Statements } from '../../lib/starrocks/starrocks-session.js'
import { ShadowTables } from '../../lib/starrocks/swap-target.js'
import { isShadow, renderCreateLike, renderDropShadow, renderSwap, shadowOf } from '../../lib/starrocks/swap-text.js'
import { readTarget } from '../../lib/starrocks/target-catalog.js'
import { rejectionOf } from '../support/failure-of.js'
import { sinkOptions } from './fixtures.js'

const NEVER = new AbortController().signal
const TASK = 'mss_7'
let sandbox: Sandbox
let session: StarRocksSession

beforeAll(async () => {
  const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
  sandbox = await startSandbox({ ...ports, dataDir: null, user: 'sync', password: 'se:cret@1' })
  const { feHttpPort: httpPort, mysqlPort: queryPort } = sandbox
  const options = sinkOptions({ frontends: [{ host: '127.0.0.1', queryPort, httpPort }] })
  session = new StarRocksSession(options, new Frontends(options))
})
afterAll(async () => {
  await session.close()
  await sandbox.close()
})

let target: TargetTable
beforeEach(async () => {
  await session.execute('DROP DATABASE IF EXISTS shop')
  await session.execute('CREATE DATABASE shop')
  await session.execute('CREATE TABLE shop.orders (id BIGINT NOT NULL, v INT) PRIMARY KEY(id) COMMENT "kept"')
  await session.execute('INSERT INTO shop.orders VALUES (1, 10), (2, 20)')
  target = (await readTarget(session, { database: 'shop', table: 'orders' }))!
})

const values = async (table: string) =>
  (await session.query(`SELECT v FROM shop.\`${table}\` ORDER BY id`)).map(row => row.get('v'))
const names = async () => (await session.query('SHOW TABLES FROM shop')).map(row => [...row.values()][0])

/** A connection that is lost before a statement is run, or behind it. */
function losing(pattern: RegExp, when: 'before' | 'behind', hidden = false): Statements {
  return {
    query: async sql => {
      if (hidden && sql.includes('tables_config')) throw new Failure('targetUnfit', 'no such table')
      return session.query(sql)
    },
    execute: async sql => {
      if (!pattern.test(sql)) return session.execute(sql)
      if (when === 'behind') await session.execute(sql)
      throw new Failure('targetUnreachable', 'the query connection failed: ECONNRESET')
    },
  }
}

describe('statements', () => {
  const odd = { database: 'd', table: 'a`b' }
  test('quote every name', () => {
    const shadow = shadowOf(odd, TASK)
    expect(shadow).toEqual({ database: 'd', table: 'mss_7__copy_of__a`b' })
    expect(renderCreateLike(shadow, odd)).toBe('CREATE TABLE `d`.`mss_7__copy_of__a``b` LIKE `d`.`a``b`')
    expect(renderSwap(odd, shadow)).toBe('ALTER TABLE `d`.`a``b` SWAP WITH `mss_7__copy_of__a``b`')
    expect(renderDropShadow(shadow, true)).toBe('DROP TABLE `d`.`mss_7__copy_of__a``b` FORCE')
    expect(renderDropShadow(shadow, false)).toBe('DROP TABLE `d`.`mss_7__copy_of__a``b`')
  })

  test('a shadow is known by its name, and by whose it is', () => {
    const of = (table: string) => isShadow(table, TASK)
    expect(
      ['mss_7__copy_of__t', 'mss_71__copy_of__t', 'mss_7__copy_of__', 'orders', 'x_mss_7__copy_of__t'].map(of),
    ).toEqual([true, false, false, false, false])
    expect(() => shadowOf({ database: 'd', table: 'x'.repeat(1020) }, TASK)).toThrow(/leaves no room/)
  })
})

describe('a shadow table', () => {
  test('has the definition of its target and none of its rows, and takes its place', async () => {
    const shadows = new ShadowTables(session, TASK)
    const shadow = await shadows.make(target)
    expect({ ...shadow, table: 'orders' }).toEqual(target)
    expect(await shadows.count(shadow, { least: 0, most: 0 }, NEVER)).toBe(0)
    await session.execute('INSERT INTO shop.mss_7__copy_of__orders VALUES (3, 30)')
    await shadows.swap(target, shadow)
    expect(await values('orders')).toEqual(['30'])
    expect(await values(shadow.table)).toEqual(['10', '20'])
    await shadows.drop(shadow, false)
    await shadows.drop(shadow, false)
    expect(await names()).toEqual(['orders'])
    expect((await session.query('SHOW CREATE TABLE shop.orders'))[0]?.get('create table')).toContain('COMMENT "kept"')
  })

  test('begins empty, whatever an earlier copy left in it', async () => {
    const shadows = new ShadowTables(session, TASK)
    await shadows.make(target)
    await session.execute('INSERT INTO shop.mss_7__copy_of__orders VALUES (3, 30)')
    expect(await values((await shadows.make(target)).table)).toEqual([])
  })

  test('left-overs of this task are dropped, and nothing else ever', async () => {
    const shadows = new ShadowTables(session, TASK)
    await shadows.make(target)
    await session.execute('CREATE TABLE shop.mss_7__copy_of__gone LIKE shop.orders')
    await session.execute('CREATE TABLE shop.mss_71__copy_of__orders LIKE shop.orders')
    expect(await shadows.dropLeftOvers('shop')).toEqual(['mss_7__copy_of__gone', 'mss_7__copy_of__orders'])
    expect(await names()).toEqual(['mss_71__copy_of__orders', 'orders'])
    expect(await rejectionOf(shadows.drop(target, true))).toMatchObject({ kind: 'internal' })
    expect(await names()).toContain('orders')
  })

  test('the count waits for rows to become visible, and tells what it saw when they do not', async () => {
    const shadows = new ShadowTables(session, TASK, 0)
    const shadow = await shadows.make(target)
    expect(await shadows.count(shadow, { least: 1, most: 1 }, NEVER)).toBe(0)
    const late = new ShadowTables(
      {
        ...losing(/never/, 'before'),
        query: async sql => {
          const rows = await session.query(sql)
          if (sql.startsWith('SELECT COUNT')) await session.execute(`INSERT INTO shop.${shadow.table} VALUES (9, 9)`)
          return rows
        },
      },
      TASK,
    )
    expect(await late.count(shadow, { least: 1, most: 1 }, NEVER)).toBe(1)
  })
})

test('what the account may not do is told with the grants that it needs', async () => {
  const denied: Statements = {
    query: sql => session.query(sql),
    execute: async () => {
      throw new Failure('targetDenied', 'Access denied; you need DROP')
    },
  }
  for (const act of [
    () => new ShadowTables(denied, TASK).make(target),
    () => new ShadowTables(denied, TASK).swap(target, shadowOf(target, TASK)),
  ])
    expect(await rejectionOf(act())).toMatchObject({
      kind: 'targetDenied',
      advice: expect.stringContaining('GRANT SELECT, INSERT, ALTER, DROP ON ALL TABLES IN DATABASE `shop`'),
    })
})

describe('a SWAP whose answer is lost', () => {
  test('is not done again where it was done', async () => {
    const shadow = await new ShadowTables(session, TASK).make(target)
    await new ShadowTables(losing(/SWAP/, 'behind'), TASK).swap(target, shadow)
    expect(await values('orders')).toEqual([])
    expect(await values(shadow.table)).toEqual(['10', '20'])
  })

  test('and was not done leaves the old rows where they are', async () => {
    const shadow = await new ShadowTables(session, TASK).make(target)
    const failure = await rejectionOf(new ShadowTables(losing(/SWAP/, 'before'), TASK).swap(target, shadow))
    expect(failure).toMatchObject({
      kind: 'targetUnreachable',
      message: expect.stringContaining('still holds the old'),
    })
    expect(await values('orders')).toEqual(['10', '20'])
  })

  test('is told as unknown by releases that number no tables', async () => {
    const shadow = await new ShadowTables(session, TASK).make(target)
    const failure = await rejectionOf(new ShadowTables(losing(/SWAP/, 'behind', true), TASK).swap(target, shadow))
    expect(failure).toMatchObject({ kind: 'targetUnreachable', message: expect.stringContaining('nobody can tell') })
  })
})
