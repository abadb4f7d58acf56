import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { errorLog, type LoadReply, makeTable, openSandbox, rowsOf, streamLoad } from './stream-load-client.js'

let sandbox: Sandbox
let table = ''
let made = 0

beforeAll(async () => {
  sandbox = await openSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  table = `t${++made}`
})

const make = (columns: string, model = 'PRIMARY KEY (id)') =>
  makeTable(sandbox, `${table} (${columns}) ${model} DISTRIBUTED BY HASH(id)`)

/** Loads CSV with `,` and `;`, strictly. */
const load = (body: string, columns?: string, headers: Record<string, string> = {}): Promise<LoadReply> =>
  streamLoad(sandbox, {
    table,
    body,
    headers: {
      column_separator: ',',
      row_delimiter: ';',
      strict_mode: 'true',
      ...(columns === undefined ? {} : { columns }),
      ...headers,
    },
  })
const loadJson = (body: string, headers: Record<string, string> = {}) =>
  streamLoad(sandbox, { table, body, headers: { format: 'json', strict_mode: 'true', ...headers } })
const rows = () => rowsOf(sandbox, table, 'ALL')

describe('upsert and delete', () => {
  test('the last row of a key wins inside one load, whatever its operation', async () => {
    await make('id int NOT NULL, v varchar(10)')
    await load('1,a;2,b;3,c;')
    const reply = await load('1,x,0;1,y,0;2,x,1;2,y,0;3,y,0;3,z,1;4,n,0;4,n,1;5,n,1;5,m,0', 'id,v,__op')
    expect(reply).toMatchObject({ Status: 'Success', NumberTotalRows: 10, NumberLoadedRows: 10 })
    expect(await rows()).toEqual([
      ['1', 'y'],
      ['2', 'y'],
      ['5', 'm'],
    ])
  })

  test.each([
    ['few', 10],
    ['many', 1_500],
  ])('of %s rows with keys of two columns the last of each wins', async (_, keys) => {
    await make('id int NOT NULL, part varchar(10) NOT NULL, v varchar(10)', 'PRIMARY KEY (id, part)')
    const all = Array.from({ length: keys }, (_, at) => at)
    const object = (id: number, v: string, op: number) => `{"id":${id},"part":"p${id % 2}","v":"${v}","__op":${op}}`
    await loadJson(all.map(id => object(id, 'old', 0)).join('\n'))
    const first = all.map(id => object(id, 'first', id % 3 === 0 ? 1 : 0))
    const last = all.map(id => object(id, 'last', id % 3 === 1 ? 1 : 0))
    expect(await loadJson([...first, ...last].join('\n'))).toMatchObject({ NumberLoadedRows: 2 * keys })
    expect(await rowsOf(sandbox, table)).toEqual(
      all.filter(id => id % 3 !== 1).map(id => [String(id), `p${id % 2}`, 'last']),
    )
  })

  test('a load without __op upserts; deleting a key that is not there is fine', async () => {
    await make('id int NOT NULL, v varchar(10)')
    await load('1,a;')
    await load('1,b;2,c;')
    expect(await load('9,x,1;', 'id,v,__op')).toMatchObject({ Status: 'Success' })
    expect(await rows()).toEqual([
      ['1', 'b'],
      ['2', 'c'],
    ])
  })

  test.each(['1', '2', '-1', '127'])('__op %s deletes', async op => {
    await make('id int NOT NULL, v varchar(10)')
    await load('1,a;')
    await load(`1,a,${op};`, 'id,v,__op')
    expect(await rows()).toEqual([])
  })

  test.each([
    ["__op='delete'", 0],
    ['__op = 1', 0],
    ["__op='UPSERT'", 1],
    ['__op=0', 1],
  ])('%s as a constant', async (constant, left) => {
    await make('id int NOT NULL, v varchar(10)')
    await load('1,a;')
    await load('1,b;', `id,v,${constant}`)
    expect(await rows()).toHaveLength(left)
  })

  test('NULL and unreadable __op filter the row', async () => {
    await make('id int NOT NULL')
    const reply = await load('1,\\N;2,x;3,0;', 'id,__op', { max_filter_ratio: '0.9' })
    expect(reply).toMatchObject({ NumberFilteredRows: 2 })
    expect(await errorLog(reply)).toMatch(/NULL value in non-nullable column '__op'.*\n.*name = __op/)
    expect(await rows()).toEqual([['3']])
  })

  test('keys of several columns and types, UTF-8 and case', async () => {
    await make('id bigint NOT NULL, k varchar(20) NOT NULL, d date NOT NULL, v int', 'PRIMARY KEY (id, k, d)')
    await load('1,ä,2024-01-01,1;1,Ä,2024-01-01,2;1,ä,2024-01-02,3;1,ä ,2024-01-01,4;')
    await load('1,ä,20240101,9,0;1,Ä,2024-01-01,0,1;', 'id,k,d,v,__op')
    expect(await rowsOf(sandbox, table, 'v')).toEqual([
      ['1', 'ä', '2024-01-02', '3'],
      ['1', 'ä ', '2024-01-01', '4'],
      ['1', 'ä', '2024-01-01', '9'],
    ])
  })

  test('NOT NULL is checked on deletes too', async () => {
    await make('id int NOT NULL, v varchar(10) NOT NULL')
    await load('1,a;')
    const reply = await load('1,\\N,1;', 'id,v,__op')
    expect(reply).toMatchObject({ Status: 'Fail', Message: 'too many filtered rows' })
    expect(await errorLog(reply)).toBe("Error: NULL value in non-nullable column 'v'. Row: 1,\\N,1\n")
    expect(await rows()).toHaveLength(1)
  })

  test('a delete with only the key works when nothing else is NOT NULL', async () => {
    await make('id int NOT NULL, v varchar(10)')
    await load('1,a;')
    expect(await load('1;', "id,__op='delete'")).toMatchObject({ Status: 'Success' })
    expect(await rows()).toEqual([])
  })
})

describe('the key limit', () => {
  test('128 bytes pass, 129 fail the whole load', async () => {
    await make('id varchar(200) NOT NULL, v int')
    expect(await load(`${'x'.repeat(128)},1;`)).toMatchObject({ Status: 'Success' })
    const reply = await load(`a,1;${'x'.repeat(129)},1;`, undefined, { max_filter_ratio: '1' })
    expect(reply).toMatchObject({ Status: 'Fail', Message: 'primary key size exceed the limit.' })
    expect(await rows()).toHaveLength(1)
  })

  test.each([
    [108, 'Success'],
    [109, 'Fail'],
  ])('text parts but the last are closed by two bytes: %d', async (length, Status) => {
    await make('id varchar(200) NOT NULL, n bigint NOT NULL, k varchar(10) NOT NULL', 'PRIMARY KEY (id, n, k)')
    expect(await load(`${'x'.repeat(length)},1,0123456789;`)).toMatchObject({ Status })
  })

  test('zero bytes in them count twice', async () => {
    await make('id varchar(200) NOT NULL, n bigint NOT NULL', 'PRIMARY KEY (id, n)')
    expect(await load(`${'x'.repeat(117)}\0,1;`)).toMatchObject({ Status: 'Fail' })
    expect(await load(`${'x'.repeat(118)},1;`)).toMatchObject({ Status: 'Success' })
  })
})

describe('columns', () => {
  test('omitted ones get their default, temporary ones are dropped, names ignore case', async () => {
    await make("id int NOT NULL, v varchar(10) DEFAULT 'dv', n int NOT NULL DEFAULT '5', x int")
    await load('1,ignored;', 'ID,whatever')
    expect(await rows()).toEqual([['1', 'dv', '5', null]])
  })

  test('a default of the clock or a uuid', async () => {
    await make('id int NOT NULL, at datetime DEFAULT CURRENT_TIMESTAMP, u varchar(36) DEFAULT (uuid())')
    await load('1;2;', 'id')
    const [first, second] = await rows()
    expect(first![1]).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/)
    expect(first![2]).toMatch(/^[0-9a-f-]{36}$/)
    expect(first![2]).not.toBe(second![2])
  })

  test('AUTO_INCREMENT is left out of the implicit columns and may not be NULL', async () => {
    await make('id int NOT NULL, n bigint NOT NULL AUTO_INCREMENT, v varchar(5)')
    await load('1,a;2,b;')
    const numbers = (await rows()).map(row => Number(row[1]))
    expect(numbers[1]! - numbers[0]!).toBe(1)
    const reply = await load('3,\\N;', 'id,n')
    expect(await errorLog(reply)).toContain("NULL value in auto increment column 'n'")
    expect(await load('3,77;', 'id,n')).toMatchObject({ Status: 'Success' })
  })

  test('constants and expressions', async () => {
    await make('id int NOT NULL, b varbinary(10), c varchar(3), j json, at datetime')
    const columns = "id,t,b=to_binary(t,'encode64'),c='abc',j=parse_json('x'),at=now()"
    expect(await load('1,AQI=;', columns)).toMatchObject({ Message: expect.stringContaining('parse_json') })
    await load('1,AQI=,{"b":1};2,?,\\N;', "id,t,u,b=to_binary(t,'encode64'),c='abc',j=parse_json(u)")
    expect(await rowsOf(sandbox, table, 'id', 'id, b, c, j')).toEqual([
      ['1', '\\x01\\x02', 'abc', '{"b": 1}'],
      ['2', null, 'abc', null],
    ])
  })

  test('a copied text is not base64', async () => {
    await make('id int NOT NULL, b varbinary(10)')
    await load('1,AQI=;', 'id,t,b=t')
    expect(await rows()).toEqual([['1', 'AQI=']])
  })

  test('a derived value that is too long is filtered in both modes', async () => {
    await make('id int NOT NULL, c varchar(3)')
    const reply = await load('1,abcd;', 'id,t,c=t', { strict_mode: 'false' })
    expect(await errorLog(reply)).toContain("String 'abcd'(length=4) is too long. The max length of 'c' is 3")
  })

  test('the wrong number of fields', async () => {
    await make('id int NOT NULL, v varchar(10)')
    const reply = await load('1,a,b;2;', undefined)
    expect(reply).toMatchObject({ Status: 'Fail', NumberFilteredRows: 2 })
    expect(await errorLog(reply)).toBe(
      "Error: Target column count: 2 doesn't match source value column count: 3. Column separator: ',', Row delimiter: ';'. Row: 1,a,b\n" +
        "Error: Target column count: 2 doesn't match source value column count: 1. Column separator: ',', Row delimiter: ';'. Row: 2\n",
    )
  })
})

describe('bad values', () => {
  test('are NULL without strict mode, and filter where NULL may not be', async () => {
    await make('id int NOT NULL, n tinyint, c varchar(3), r int NOT NULL')
    const reply = await load('1,128,abcd,1;2,x,ok,2;3,1,\\N,x;', undefined, {
      strict_mode: 'false',
      max_filter_ratio: '0.5',
    })
    expect(reply).toMatchObject({ Status: 'Success', NumberFilteredRows: 1 })
    expect(await errorLog(reply)).toBe("Error: NULL value in non-nullable column 'r'. Row: 3,1,\\N,x\n")
    expect(await rows()).toEqual([
      ['1', null, null, '1'],
      ['2', null, 'ok', '2'],
    ])
  })

  test('filter the row in strict mode', async () => {
    await make('id int NOT NULL, n tinyint, c varchar(3)')
    const reply = await load('1,128,a;2,1,abcd;3,1,abc;4,\\N,\\N;', undefined, { max_filter_ratio: '0.5' })
    expect(reply).toMatchObject({ Status: 'Success', NumberLoadedRows: 2, NumberFilteredRows: 2 })
    expect(await errorLog(reply)).toBe(
      'Error: The field (name = n, pos = 1) is out of range. Type: TINYINT, Value length: 3, Value: 128. Row: 1,128,a\n' +
        'Error: The field (name = c, pos = 2) is out of range. Type: VARCHAR(3), Value length: 4, Value: abcd. Row: 2,1,abcd\n',
    )
    expect(await rows()).toHaveLength(2)
  })

  test.each([
    ['0.5', 'Success'],
    ['0.49', 'Fail'],
  ])('half of the rows filtered, ratio %s', async (ratio, Status) => {
    await make('id int NOT NULL')
    expect(await load('1;x;', undefined, { max_filter_ratio: ratio })).toMatchObject({ Status })
  })
})

describe('JSON bodies', () => {
  test('the operation is found by itself; a listed but missing key is NULL, an omitted column its default', async () => {
    await make("id bigint NOT NULL, v varchar(10) DEFAULT 'dv', n int DEFAULT '5'")
    await loadJson('{"id":1,"v":"a","n":1}{"id":2}')
    await loadJson('{"id":3}', { columns: 'id,v' })
    await loadJson('{"id":1,"__op":1}')
    expect(await rows()).toEqual([
      ['2', null, null],
      ['3', null, '5'],
    ])
  })

  test('big numbers stay exact', async () => {
    await make('id largeint NOT NULL, d decimal(38,10), g bigint')
    await loadJson(
      '{"id":170141183460469231731687303715884105727,"d":1234567890123456789012345678.0123456789,"g":-9223372036854775808}',
    )
    expect(await rows()).toEqual([
      ['170141183460469231731687303715884105727', '1234567890123456789012345678.0123456789', '-9223372036854775808'],
    ])
  })

  test('a bad field filters the row, a syntax error fails the load', async () => {
    await make('id int NOT NULL, v varchar(3)')
    const reply = await loadJson('{"id":1,"v":"abcd"}{"id":2,"v":"ok"}', { max_filter_ratio: '0.5' })
    expect(reply).toMatchObject({ Status: 'Success', NumberFilteredRows: 1 })
    expect(await errorLog(reply)).toBe(
      'Error: Value \'abcd\' is out of range. The type of \'v\' is VARCHAR(3). Row: {"id":1,"v":"abcd"}\n',
    )
    expect(await loadJson('{"id":3}{"id":')).toMatchObject({
      Status: 'Fail',
      Message: expect.stringMatching(/^parse error\./),
    })
    expect(await rows()).toEqual([['2', 'ok']])
  })

  test('NOT NULL and a missing key', async () => {
    await make('id int NOT NULL, v int NOT NULL')
    expect(await errorLog(await loadJson('{"id":1}'))).toBe(
      'Error: NULL value in non-nullable column \'v\'. Row: {"id":1}\n',
    )
  })

  test('strip_outer_array', async () => {
    await make('id int NOT NULL')
    expect(await loadJson('[{"id":1},{"id":2}]', { strip_outer_array: 'true' })).toMatchObject({ NumberLoadedRows: 2 })
  })
})

describe('partial update', () => {
  const partial = { partial_update: 'true' }

  test('keeps the other columns of stored rows; new keys get defaults', async () => {
    await make("id int NOT NULL, a varchar(5), b int DEFAULT '7', c varchar(5) NOT NULL")
    await load('1,x,1,c1;2,y,2,c2;3,z,3,c3;')
    const reply = await load('1,X,0;4,N,0;2,?,1;1,Y,0;', 'id,a,__op', partial)
    expect(reply).toMatchObject({ Status: 'Success' })
    expect(await rows()).toEqual([
      ['1', 'Y', '1', 'c1'],
      ['3', 'z', '3', 'c3'],
      ['4', 'N', '7', ''],
    ])
  })

  test('deletes with the key alone', async () => {
    await make('id int NOT NULL, a varchar(5) NOT NULL')
    await load('1,x;2,y;')
    await load('1,1;', 'id,__op', partial)
    expect(await rows()).toEqual([['2', 'y']])
  })

  test('is for primary key tables only', async () => {
    await make('id int NOT NULL, a varchar(5)', 'DUPLICATE KEY (id)')
    expect(await load('1,x;', 'id,a', partial)).toMatchObject({
      Status: 'Fail',
      Message: 'Only primary key table support partial update',
    })
  })
})

describe('other models', () => {
  test('DUPLICATE tables append, also what __op says to delete', async () => {
    await make('id int NOT NULL, v varchar(5)', 'DUPLICATE KEY (id)')
    await load('1,a;1,a;')
    await load('1,a,1;', 'id,v,__op')
    await loadJson('{"id":1,"v":"a","__op":1}')
    expect(await rows()).toEqual(Array.from({ length: 4 }, () => ['1', 'a']))
  })

  test.each(['array<int>', 'map<int,int>', 'struct<a int>'])('a column of type %s is refused', async type => {
    await make(`id int NOT NULL, v ${type}`)
    expect(await load('1,x;')).toMatchObject({
      Status: 'Fail',
      Message: expect.stringContaining("cannot load column 'v'"),
    })
    expect(await load('1;', 'id')).toMatchObject({ Status: 'Success' })
  })
})

test('loads running at the same time are all there', async () => {
  await make('id int NOT NULL, v int')
  const replies = await Promise.all(Array.from({ length: 8 }, (_, at) => load(`1,${at};${at + 10},${at};`)))
  expect(replies.every(reply => reply.Status === 'Success')).toBe(true)
  expect(await rows()).toHaveLength(9)
})
