import { createHmac } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { SyncBench } from '../support/sync-bench.js'

const SALT = 'a salt of the environment'
const CANARY = 'zq7canary'
/** Each value of a masked column is one of these, or holds one. */
const CANARIES = [CANARY, '777123457', '1987-06-05']
const LONG = 'much too long'
/** Rows as the source has them: masks are applied behind. By their paths below data_dir. */
const RAW = /^var\/(snapshot\/.*\.rows|xa\/.*|snapshot\/state\.json)$/
const hash = (value: string) => createHmac('sha256', SALT).update(value).digest('hex')

const PEOPLE = `mask = { phone = "keep(3,4)", mail = "email", note = "sha256", pay = "round(1000000)", born = "year", bin = "null" }`
const phone = (n: number) => `138${CANARY}567${n}`
const row = (n: number, nick: string) =>
  `(${n}, '${phone(n)}', '${CANARY}@example.com', 'n ${CANARY}', 777123457, '1987-06-05', '${CANARY}', '${nick}')`
const masked = (n: number) => ({
  id: n,
  phone: `138*********567${n}`,
  mail: 'z***@example.com',
  note: hash(`n ${CANARY}`),
  pay: 777000000,
  born: '1987-01-01',
  bin: null,
})

let bench: SyncBench
let said = ''

beforeAll(async () => {
  bench = await SyncBench.shared('mysql')
})
afterAll(() => bench?.close())

beforeEach(async () => {
  await bench.renew()
  said = ''
  const { schema } = bench
  await bench.server.sql([
    `create table ${schema}.people (id int primary key, phone varchar(40), mail varchar(60), note text, pay int, born date, bin varbinary(20), nick varchar(40))`,
    `create table ${schema}.trail like ${schema}.people`,
    `create table ${schema}.keyed (phone varchar(40) primary key, nick varchar(40))`,
  ])
  await bench.target(
    `create database ${schema}`,
    `create table ${schema}.people (id int not null, phone varchar(160), mail varchar(300), note varchar(64), pay int, born date, bin varbinary(20), nick varchar(5)) primary key (id) distributed by hash(id) properties ("replication_num" = "1")`,
    `create table ${schema}.keyed (phone varchar(64) not null, nick varchar(5)) primary key (phone) distributed by hash(phone) properties ("replication_num" = "1")`,
  )
})

function configure(top: Readonly<Record<string, string | number>> = {}, people = PEOPLE): Promise<void> {
  const trail = `[[rule]]\nschema = "${bench.schema}"\ntable = "trail"\n`
  const blocks = [
    bench.blocks({
      people,
      keyed: 'mask = { phone = "sha256" }',
      trail: `sr_table = "log"\nmode = "append"\n${PEOPLE}\n`,
    }),
    `${trail}sr_table = "groups"\ngroup_by = ["phone"]\nmeasures = { n = "count(*)" }\nmask = { phone = "truncate(3)" }\n`,
    '[snapshot]\nmode = "initial"\n',
  ].join('\n')
  return bench.configure({ top: { mask_salt: SALT, log_level: 'debug', delivery: 'labels', ...top }, blocks })
}

/** Runs a command and keeps what it says. */
async function cli(...args: string[]): Promise<string> {
  const { stdout, stderr } = await bench.engine.cli(...args)
  said += stdout + stderr
  return stdout
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

/** Whether a text or file shows one of the words, as it is, in base64 or in hex. */
function shows(bytes: Buffer, words: readonly string[]): boolean {
  return words.some(word =>
    [word, Buffer.from(word).toString('hex'), Buffer.from(word).toString('hex').toUpperCase()]
      .concat(
        [0, 1, 2].map(skip =>
          Buffer.from(' '.repeat(skip) + word)
            .toString('base64')
            .slice(skip + 1, -4),
        ),
      )
      .some(form => bytes.includes(form)),
  )
}

/** Files of the engine's folder, and "said", that show one of the words; those of raw rows are for their owner alone. */
async function showing(words: readonly string[]): Promise<string[]> {
  const found = shows(Buffer.from(said + bench.engine.output), words) ? ['said'] : []
  for (const file of await filesOf(bench.engine.folder)) {
    const name = relative(bench.engine.folder, file)
    if (!shows(await readFile(file), words)) continue
    if (!RAW.test(name)) found.push(name)
    else expect([name, (await stat(file)).mode & 0o077]).toEqual([name, 0])
  }
  return found
}

test('rows of the copy and the stream are masked in every model of target, and no output shows what they hide', async () => {
  const { schema } = bench
  await bench.server.sql([
    `insert into ${schema}.people values ${row(1, 'ok')}, ${row(2, LONG)}`,
    `insert into ${schema}.trail select * from ${schema}.people`,
    `insert into ${schema}.keyed values ('${CANARY}1', 'ok')`,
  ])
  await configure({ on_bad_row: 'dead_letter' })
  await cli('check')
  await cli('schema')
  bench.engine.start()
  await bench.engine.caughtUp(120)
  await bench.server.sql([
    `insert into ${schema}.people values ${row(3, 'ok')}, ${row(4, LONG)}`,
    `insert into ${schema}.trail values ${row(3, 'ok')}, ${row(4, LONG)}`,
    `update ${schema}.people set phone = '${phone(5)}', nick = 'new' where id = 3`,
    `delete from ${schema}.trail where id = 3`,
    `insert into ${schema}.keyed values ('${CANARY}2', 'ok'), ('${CANARY}3', '${LONG}')`,
    `update ${schema}.keyed set phone = '${CANARY}4' where phone = '${CANARY}1'`,
    `delete from ${schema}.keyed where phone = '${CANARY}2'`,
    "xa start 'masks'",
    `insert into ${schema}.people values ${row(6, 'xa')}`,
    "xa end 'masks'",
    "xa prepare 'masks'",
  ])
  await bench.engine.caughtUp()
  expect(await bench.target(`select * from ${schema}.people order by id`)).toEqual([
    { ...masked(1), nick: 'ok' },
    { ...masked(3), phone: masked(5).phone, nick: 'new' },
  ])
  expect(await bench.target(`select * from ${schema}.keyed`)).toEqual([{ phone: hash(`${CANARY}4`), nick: 'ok' }])
  expect(await bench.target(`select phone, n from ${schema}.groups`)).toEqual([{ phone: '138', n: 3 }])
  const changes = await bench.target(`select * from ${schema}.log where id in (1, 3) order by id, _op`)
  expect(changes).toMatchObject([masked(1), { ...masked(3), _op: 'delete' }, { ...masked(3), _op: 'insert' }])

  expect((await filesOf(join(bench.engine.dataDir, 'xa'))).length).toBeGreaterThan(0)
  expect(await showing(CANARIES)).toEqual([])
  await cli('status')
  await cli('status', '--json')
  await bench.target(
    `update ${schema}.people set phone = 'damage', nick = 'bad' where id = 1`,
    `delete from ${schema}.people where id = 3`,
  )
  await cli('verify')
  const { tables } = JSON.parse(await cli('verify', '--json', '--repair'))
  expect(tables).toContainEqual(expect.objectContaining({ target: `${schema}.people`, repaired: 2 }))
  expect(await bench.target(`select * from ${schema}.people where id in (1, 3) order by id`)).toEqual([
    { ...masked(1), nick: 'ok' },
    { ...masked(3), phone: masked(5).phone, nick: 'new' },
  ])
  await bench.server.sql("xa commit 'masks'")
  await bench.engine.caughtUp()
  expect(await bench.target(`select * from ${schema}.people where id = 6`)).toEqual([{ ...masked(6), nick: 'xa' }])
  expect(await bench.engine.stop()).toBe(0)

  const letters: Record<string, unknown>[] = JSON.parse(await cli('dlq', 'list', '--json'))
  expect(letters).toHaveLength(3)
  await cli('dlq', 'list')
  for (const { id } of letters) await cli('dlq', 'show', String(id))
  await cli('dlq', 'replay', '--all')
  // The search finds what is not hidden: the names that made the rows bad ones.
  expect(await showing([LONG])).toContain('said')
  expect(said).toContain(hash(`n ${CANARY}`))
  expect(await showing(CANARIES)).toEqual([])
}, 300_000)

describe('a stop names the row by what is in the target', () => {
  async function stopped(...statements: string[]): Promise<string> {
    bench.engine.start()
    await bench.engine.caughtUp(120)
    await bench.server.sql(statements)
    await bench.engine.ended()
    await cli('status')
    expect(await showing(CANARIES)).toEqual([])
    return bench.engine.output
  }

  test('a value that does not fit', async () => {
    await configure()
    const output = await stopped(`insert into ${bench.schema}.keyed values ('${CANARY}1', '${LONG}')`)
    expect(output).toContain(`the row with key {"phone":"${hash(`${CANARY}1`)}"} holds a value of 13 bytes`)
  }, 120_000)

  test('an expression that has no value', async () => {
    await configure({}, `${PEOPLE}\ncomputed = { much = "pay * 9223372036854775807" }`)
    await bench.target(`alter table ${bench.schema}.people add column much bigint`)
    const output = await stopped(`insert into ${bench.schema}.people values ${row(1, 'ok')}`)
    expect(output).toMatch(/computed|much/)
    expect(output).toContain('{"id":"1"}')
  }, 120_000)

  test('a row that StarRocks refuses', async () => {
    await configure()
    bench.engine.start()
    await bench.engine.caughtUp(120)
    await bench.target(`drop table ${bench.schema}.people`)
    await bench.target(
      `create table ${bench.schema}.people (id int not null, phone varchar(3), mail varchar(3), note varchar(3), pay int, born date, bin varbinary(20), nick varchar(5)) primary key (id) distributed by hash(id) properties ("replication_num" = "1")`,
    )
    await bench.server.sql(`insert into ${bench.schema}.people values ${row(1, 'ok')}`)
    await bench.engine.ended()
    expect(bench.engine.output).toMatch(/rejected|holds a value/)
    expect(await showing(CANARIES)).toEqual([])
  }, 120_000)

  test('a statement in place of rows', async () => {
    await configure()
    const output = await stopped(
      'set session binlog_format = STATEMENT',
      `insert into ${bench.schema}.people values ${row(1, 'ok')}`,
      'set session binlog_format = ROW',
    )
    expect(output).toContain(`insert into ${bench.schema}.people values (?, ?, ?`)
  }, 120_000)
})
