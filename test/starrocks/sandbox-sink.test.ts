import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Load, TargetRequest } from '../../lib/dispatch/sink.js'
import { asFailure } from '../../lib/model/failure.js'
import type { TargetTable } from '../../lib/model/schema.js'
import { checkStarRocks } from '../../lib/starrocks/preflight/preflight.js'
import { StarRocksSink, type StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'
import { TargetBench } from '../support/target-bench.js'
import { csvLoad } from './fixtures.js'

const NEVER = new AbortController().signal
let bench: TargetBench

beforeAll(async () => {
  bench = await TargetBench.start()
})
afterAll(() => bench?.close())
afterEach(() => bench.sandbox.faults.clear())

const col = (name: string, type: string, nullable = true) => ({ name, type, nullable, comment: `the "${name}"` })

function request(table: string, more: Partial<TargetRequest> = {}): TargetRequest {
  const columns = [col('name', 'varchar(5)'), col('id', 'bigint', false), col('big', 'largeint'), col('at', 'datetime')]
  return {
    database: 'fresh',
    table,
    model: 'primary',
    columns,
    key: ['id'],
    comment: 'made by a test',
    missingColumns: 'add',
    ...more,
  }
}

let labels = 0
function rows(target: TargetTable, values: readonly string[], more: Partial<Load> = {}): Load {
  const body = values.map(value => `${value.replaceAll(',', '\x01')}\x010\x02`)
  labels += 1
  return csvLoad(body, { target, label: `test-${labels}`, columns: 'id,name,__op', ...more })
}

async function selectAll(table: string): Promise<(string | null)[][]> {
  const found = await bench.session.query(`SELECT id, name FROM fresh.${table} ORDER BY id`)
  return found.map(row => [...row.values()])
}

describe('targets', () => {
  test('database and table are made, and read back as they were asked for', async () => {
    const target = await bench.sink.prepare(request('made'))
    expect(target).toEqual({
      database: 'fresh',
      table: 'made',
      model: 'primary',
      key: ['id'],
      columns: [
        { name: 'id', type: 'bigint', nullable: false, hasDefault: false },
        { name: 'name', type: 'varchar(5)', nullable: true, hasDefault: false },
        { name: 'big', type: 'largeint', nullable: true, hasDefault: false },
        { name: 'at', type: 'datetime', nullable: true, hasDefault: false },
      ],
    })
    expect(await bench.sink.prepare(request('made'))).toEqual(target)
  })

  test('missing columns are added', async () => {
    await bench.sink.prepare(request('grown'))
    const { columns } = request('grown')
    const grown = await bench.sink.prepare(
      request('grown', { columns: [...columns, col('n', 'int', false), col('j', 'json')] }),
    )
    expect(grown.columns.slice(4)).toEqual([
      { name: 'n', type: 'int', nullable: true, hasDefault: false },
      { name: 'j', type: 'json', nullable: true, hasDefault: false },
    ])
  })

  test('names that need quoting', async () => {
    const columns = [col('select', 'int', false), col('größe `x`', 'varchar(9)')]
    const target = await bench.sink.prepare(request('quoted', { columns, key: ['select'] }))
    expect(target.columns.map(column => column.name)).toEqual(['select', 'größe `x`'])
  })

  test('every type of the map is taken and read back', async () => {
    const types = [
      'tinyint',
      'smallint',
      'int',
      'bigint',
      'largeint',
      'float',
      'double',
      'decimal(20,4)',
      'decimal(38,0)',
    ]
    types.push('date', 'datetime', 'varchar(17)', 'varchar(1048576)', 'varbinary(16)', 'varbinary(1048576)', 'json')
    const columns = [col('id', 'bigint', false), ...types.map((type, i) => col(`c${i}`, type))]
    const target = await bench.sink.prepare(request('types', { columns }))
    expect(target.columns.slice(1).map(column => column.type)).toEqual(types)
  })

  test('a DUPLICATE KEY table is refused', async () => {
    await bench.sink.prepare(request('other'))
    await bench.session.execute(
      'CREATE TABLE fresh.dup (id BIGINT, name VARCHAR(5)) DUPLICATE KEY (id) DISTRIBUTED BY HASH(id)',
    )
    await expect(bench.sink.prepare(request('dup'))).rejects.toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringMatching(/fresh\.dup is a DUPLICATE KEY table/),
    })
  })

  test('truncate empties, and whether there are rows is told', async () => {
    const { sink } = bench
    const target = await sink.prepare(request('emptied'))
    expect(await sink.holdsRows(target, [])).toBe(false)
    await sink.write(rows(target, ['1,ann']), NEVER)
    expect(await sink.holdsRows(target, [])).toBe(true)
    expect(await sink.holdsRows(target, [{ name: 'name', text: 'ann' }])).toBe(true)
    expect(await sink.holdsRows(target, [{ name: 'name', text: "b'ob" }])).toBe(false)
    expect(await sink.holdsRows({ ...target, table: 'nowhere' }, [])).toBe(false)
    await sink.truncate(target)
    expect(await sink.holdsRows(target, [])).toBe(false)
    expect(await selectAll('emptied')).toEqual([])
  })
})

describe('loads', () => {
  test('rows arrive', async () => {
    const target = await bench.sink.prepare(request('loaded'))
    expect(await bench.sink.write(rows(target, ['1,ann', '2,bob', '1,eve']), NEVER)).toEqual({ rows: 3 })
    expect(await selectAll('loaded')).toEqual([
      ['1', 'eve'],
      ['2', 'bob'],
    ])
  })

  test('a value that is too long stops the load and is named with its column and row', async () => {
    const target = await bench.sink.prepare(request('narrow'))
    const failure = await bench.sink.write(rows(target, ['1,ann', '2,much-too-long']), NEVER).catch(asFailure)
    expect(failure).toMatchObject({ kind: 'rowRejected', retriable: false })
    const { message } = failure as Error
    expect(message).toMatch(/^fresh\.narrow: StarRocks rejected 1 of 2 rows because of column name: /)
    expect(message).toContain('much-too-long')
    expect(await selectAll('narrow')).toEqual([])
  })

  test.each(['answerLost', 'garbageReply', 'publishTimeout'])('%s: committed all the same, sent once', async fault => {
    const target = await bench.sink.prepare(request(fault.toLowerCase()))
    bench.sandbox.faults.set({ [fault]: 1 })
    expect(await bench.sink.write(rows(target, ['1,ann']), NEVER)).toEqual({ rows: 1 })
    expect(bench.sandbox.faults.armed()).toEqual({})
    expect(await selectAll(fault.toLowerCase())).toEqual([['1', 'ann']])
  })

  test('a connection cut in the middle of the body: the same load is given again and counts once', async () => {
    const target = await bench.sink.prepare(request('cut'))
    const load = rows(target, ['1,ann', '2,bob'])
    bench.sandbox.faults.set({ cutBody: 1 })
    const failure = await bench.sink.write(load, NEVER).catch(asFailure)
    expect(failure).toMatchObject({ kind: 'loadUnknown', retriable: true })
    expect(await bench.sink.write(load, NEVER)).toEqual({ rows: 2 })
    expect(await selectAll('cut')).toHaveLength(2)
  })

  test('a finished label is not loaded again, by this sink or another', async () => {
    const target = await bench.sink.prepare(request('label'))
    const load = rows(target, ['1,ann'])
    await bench.sink.write(load, NEVER)
    const other = new StarRocksSink(bench.options)
    const again = { ...load, body: [Buffer.from('1\x01eve\x010\x02')] }
    expect(await other.write(again, NEVER)).toEqual({ rows: 1 })
    await other.close()
    expect(await selectAll('label')).toEqual([['1', 'ann']])
  })

  test.each([
    ['tooManyVersions', 'targetBusy'],
    ['runningTxnLimit', 'targetBusy'],
    ['noBackendAlive', 'targetUnreachable'],
    ['unauthorized', 'targetDenied'],
    ['feError', 'loadUnknown'],
  ])('%s is %s, and nothing was loaded', async (fault, kind) => {
    const target = await bench.sink.prepare(request('faulty'))
    const load = rows(target, ['1,ann'])
    bench.sandbox.faults.set({ [fault]: true })
    expect(await bench.sink.write(load, NEVER).catch(asFailure)).toMatchObject({ kind })
    expect(await selectAll('faulty')).toEqual([])
  })

  test('a follower redirect is followed', async () => {
    const target = await bench.sink.prepare(request('follower'))
    bench.sandbox.faults.set({ followerRedirect: 1 })
    expect(await bench.sink.write(rows(target, ['1,ann']), NEVER)).toEqual({ rows: 1 })
  })

  test('an address given as FE that is a BE is loaded directly', async () => {
    const target = await bench.sink.prepare(request('direct'))
    const frontends = [{ host: '127.0.0.1', queryPort: bench.sandbox.mysqlPort, httpPort: bench.sandbox.beHttpPort }]
    const direct = new StarRocksSink({
      ...bench.options,
      frontends,
      backends: [`127.0.0.1:${bench.sandbox.beHttpPort}`],
    })
    expect(await direct.write(rows(target, ['1,ann']), NEVER)).toEqual({ rows: 1 })
    await direct.close()
  })
})

describe('preflight', () => {
  const levels = async (given: StarRocksSinkOptions, ...requests: TargetRequest[]) =>
    (await checkStarRocks(given, requests)).filter(finding => finding.level !== 'ok')

  test('a cluster in order has no findings but ok ones, and nothing is made', async () => {
    expect(await levels(bench.options, request('unmade'))).toEqual([])
    expect(await bench.session.query("SELECT * FROM information_schema.tables WHERE TABLE_NAME = 'unmade'")).toEqual([])
  })

  test('a wrong password', async () => {
    expect(await levels({ ...bench.options, password: 'wrong' }, request('x'))).toEqual([
      expect.objectContaining({ check: 'starrocks.login', level: 'error' }),
    ])
  })

  test('a BE behind an address nobody reaches', async () => {
    bench.sandbox.faults.set({ redirectTo: '127.0.0.1:1' })
    expect(await levels(bench.options, request('x'))).toEqual([
      expect.objectContaining({
        check: 'starrocks.redirect',
        level: 'error',
        remedy: expect.stringContaining('sr_be_address_map'),
      }),
    ])
  })

  test('targets that do not suit, with a remedy each', async () => {
    await bench.sink.prepare(request('checked'))
    const columns = [col('id', 'bigint', false), col('name', 'varchar(80)'), col('more', 'int')]
    const found = await levels(bench.options, request('checked', { columns, missingColumns: 'refuse' }))
    expect(found).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringContaining('fresh.checked.name') }),
      expect.objectContaining({ level: 'error', remedy: expect.stringContaining('ADD COLUMN `more` INT NULL') }),
    ])
  })
})
