import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import type { SchemaFinding, SchemaReport } from '../../lib/schema-report.js'
import type { EngineSetup } from '../support/engine.js'
import { SyncBench } from '../support/sync-bench.js'

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

describe.each(['mysql', 'mariadb'] as const)('schema against %s', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
  })
  afterAll(() => bench?.close())
  beforeEach(async () => {
    await bench.renew()
    await configure()
  })

  function configure(blocks?: string, top: EngineSetup['top'] = {}): Promise<void> {
    return bench.configure({ top, blocks })
  }

  async function run(...args: string[]): Promise<Outcome> {
    let [out, err] = ['', '']
    const terminal = {
      out: (text: string) => {
        out += `${text}\n`
      },
      err: (text: string) => {
        err += `${text}\n`
      },
    }
    const code = await main(['schema', ...args, '-c', bench.engine.configFile], terminal)
    return { code, out, err }
  }

  /** The report, which must agree with the exit code. */
  async function report(...args: string[]): Promise<SchemaReport & { files: string[] }> {
    const { code, out } = await run('--json', ...args)
    const read = JSON.parse(out) as SchemaReport & { files: string[] }
    expect(code).toBe(read.findings.some(({ level }) => level !== 'ok') ? 1 : 0)
    for (const { level, remedy } of read.findings) if (level !== 'ok') expect(remedy).not.toBe('')
    return read
  }

  const briefly = (findings: readonly SchemaFinding[]) =>
    findings
      .filter(({ level }) => level !== 'ok')
      .map(({ check, column, rows }) => [check, column ?? '', rows ?? 0].join(' ').trim())

  const script = (name: string) => readFile(join(bench.engine.folder, 'result', name), 'utf8')
  const statementsOf = (text: string) =>
    text
      .split(/;\n/)
      .map(statement => statement.trim())
      .filter(statement => statement !== '')
  const block = (name: string, lines: string) => `[[${name}]]\nschema = "${bench.schema}"\n${lines}\n`

  test('one script per rule and one with all; run by hand, nothing is left to do', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.orders (v varchar(10) comment 'say "hi"\\nback\\\\slash', at datetime(3) not null, n bigint unsigned not null,
         primary key (n, at)) comment = 'it''s \\\\ all'`,
      `create table ${bench.schema}.people (id int primary key, mail varchar(40))`,
    ])
    const of = block('source', 'tables = ["/./"]')
    const orders = block('rule', `table = "orders"\norder_by = ["v"]\npartition_by = "date_trunc('day', at)"`)
    await configure(
      `${of}${orders}${block('rule', 'table = "people"')}${block('rule', 'table = "orders"\nsr_table = "orders_log"\nmode = "append"')}` +
        `${block('rule', 'table = "nobody"')}\n[schema]\nbe_num = 3\n`,
    )
    const { code, out } = await run('--no-scan')
    expect(code).toBe(1)
    expect(out).toMatch(/^missing {2}\S+\.orders <- \S+\.orders \(rule 1\)$/m)
    expect(out).toMatch(/^warning {2}rules\.match: .*nobody, which does not exist/m)
    expect((await readdir(join(bench.engine.folder, 'result'))).sort()).toEqual(
      ['1', '2', '3', '4', 'all'].map(n => `starrocks-create.${n}.sql`),
    )
    expect(await script('starrocks-create.1.sql')).toBe(
      [
        '-- StarRocks tables of [[rule]] number 1, written by mysql-sr-sync schema',
        '',
        `CREATE DATABASE IF NOT EXISTS \`${bench.schema}\`;`,
        '',
        `-- from ${bench.schema}.orders`,
        `CREATE TABLE IF NOT EXISTS \`${bench.schema}\`.\`orders\` (`,
        '  `n` LARGEINT NOT NULL,',
        '  `at` DATETIME NOT NULL,',
        '  `v` VARCHAR(40) NULL COMMENT "say ""hi""\\nback\\\\slash"',
        ') ENGINE=OLAP',
        'PRIMARY KEY (`n`, `at`)',
        'COMMENT "it\'s \\\\ all"',
        "PARTITION BY date_trunc('day', `at`)",
        'DISTRIBUTED BY HASH(`n`, `at`) BUCKETS 6',
        'ORDER BY (`v`)',
        'PROPERTIES ("replication_num" = "1", "enable_persistent_index" = "true");',
        '',
      ].join('\n'),
    )
    expect(await script('starrocks-create.3.sql')).toContain('DUPLICATE KEY')
    expect(await script('starrocks-create.4.sql')).toContain('-- no table of the source matches')
    const all = statementsOf(await script('starrocks-create.all.sql'))
    expect(all).toHaveLength(4)
    await bench.target(...all)
    const { targets, findings } = await report('--no-scan')
    expect(targets.map(({ state }) => state)).toEqual(['exists', 'exists', 'exists'])
    expect(briefly(findings)).toEqual(['rules.match  0'])
  })

  test('the rows are measured, and what StarRocks would not take is named with its rows', async () => {
    await bench.server.sql([
      "set sql_mode = 'ALLOW_INVALID_DATES'",
      `create table ${bench.schema}.t (k varchar(60), n int, name varchar(20), ascii varchar(20) character set latin1, doc mediumtext,
         raw blob, big decimal(60,10), d date, at datetime(3), primary key (k, n))`,
      `insert into ${bench.schema}.t values
         ('a', 1, '😀😀é', 'éé', repeat('x', 1048577), repeat('y', 70), 123456789012345678901234567890.5, '0000-00-00', '0000-00-00 00:00:00'),
         ('b', 2, 'plain', 'abc', repeat('é', 524288), '', -0.5, '2024-00-10', '2024-05-06 07:08:09.123'),
         (repeat('é', 60), 3, null, null, null, null, null, '2024-03-00', null),
         ('c', 4, '', '', '', null, 99, '2023-02-29', '2024-00-00 10:00:00')`,
    ])
    await configure(undefined, { zero_date: 'stop' })
    const { fits, findings } = await report()
    expect(fits).toHaveLength(1)
    const [shown] = await bench.server.sql(
      `select max(length(name)) as name, max(length(convert(ascii using utf8mb4))) as ascii, max(length(doc)) as doc, max(length(raw)) as raw from ${bench.schema}.t`,
    )
    const { fit } = fits[0]!
    expect(fit.rows).toBe(4)
    const longest = Object.fromEntries(fit.columns.map(({ column, longestBytes }) => [column, longestBytes]))
    for (const [column, bytes] of Object.entries(shown!))
      expect({ column, bytes: longest[column] }).toEqual({ column, bytes: Number(bytes) })
    expect(longest).toMatchObject({ name: 10, ascii: 4, doc: 1_048_577, raw: 70, k: 120 })
    expect(fit.columns.find(({ column }) => column === 'big')!.mostWholeDigits).toBe(30)
    // 120 bytes of text, two that end it, four of the INT.
    expect(fit.key).toEqual({ longestBytes: 126, tooLong: 0, worst: null })
    expect(briefly(findings)).toEqual([
      'fit.length doc 1',
      'fit.zero_date d 1',
      'fit.partial_date d 3',
      'fit.zero_date at 1',
      'fit.partial_date at 1',
    ])
    expect(findings.find(({ check }) => check === 'fit.length')).toMatchObject({
      table: `${bench.schema}.t`,
      message: expect.stringContaining('up to 1048577 bytes'),
      remedy: expect.stringContaining('exclude = ["doc"]'),
    })

    for (const [policy, outcome] of [
      ['null', 'becomes NULL'],
      ['min', 'becomes 0000-01-01'],
    ] as const) {
      await configure(undefined, { zero_date: policy })
      const noted = (await report()).findings.filter(({ check }) => check.endsWith('_date'))
      expect(noted.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok'])
      expect(noted[0]!.message).toContain(`d: 1 row has the date 0000-00-00, which ${outcome}`)
    }

    await bench.server.sql(`insert into ${bench.schema}.t (k, n) values (repeat('😀', 31), 7), (repeat('😀', 40), 8)`)
    const long = (await report()).findings.find(({ check }) => check === 'fit.key')
    expect(long).toMatchObject({
      rows: 2,
      worstKey: `${'😀'.repeat(40)}, 8`,
      message: expect.stringContaining('up to 166'),
    })

    const sampled = await run('--sample', '2')
    expect(sampled.out).toMatch(/^fit {6}\S+\.t: 2 sampled rows in /m)
    expect(sampled.err).toMatch(/\.t: measuring up to 2 rows …\n.*\.t: 2 rows in/)
    const skipped = await run('--no-scan')
    expect(skipped).toMatchObject({ code: 0, err: '' })
    expect(skipped.out).not.toMatch(/^fit /m)
  })

  test('casts are measured like any other type', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.t (id int primary key, doc text, v varchar(20), price decimal(20,2))`,
      `insert into ${bench.schema}.t values (1, '{"a": 1}', 'four', 999.99), (2, '{', 'fünf', -1000), (3, '', 'vier', 0)`,
    ])
    const cast = 'cast = { doc = "JSON", v = "VARCHAR(4)", price = "DECIMAL(5,2)" }'
    await configure(block('source', 'tables = ["t"]') + block('rule', `table = "t"\n${cast}`))
    const { findings } = await report()
    expect(briefly(findings.filter(({ check }) => check.startsWith('fit.')))).toEqual([
      'fit.json doc 2',
      'fit.length v 1',
      'fit.digits price 1',
    ])
  })

  test('what a load refuses is what the measurement has found: keys of 128 bytes pass, of 129 do not', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.t (k varchar(200), n bigint, primary key (k, n))`,
      `insert into ${bench.schema}.t values (repeat('k', 118), 1)`,
    ])
    const { fits, findings } = await report('--apply')
    expect([fits[0]!.fit.key!.longestBytes, briefly(findings)]).toEqual([128, []])
    bench.engine.start()
    await bench.engine.caughtUp()
    expect(await bench.target(`select n from ${bench.schema}.t`)).toHaveLength(1)
    await bench.server.sql(`insert into ${bench.schema}.t values (repeat('k', 119), 2)`)
    expect(briefly((await report()).findings)).toEqual(['fit.key  1'])
    expect(await bench.engine.ended()).toBe(8)
    expect(bench.engine.output).toMatch(/primary key size exceed/)
  })

  test('--apply makes what is missing; what exists is compared, with the ALTER that mends it', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.made (id int primary key, v varchar(10))`,
      `create table ${bench.schema}.old (id int primary key, v varchar(10), doc text, late date)`,
      `insert into ${bench.schema}.old values (1, 'abcd', '{"a":1}', null), (2, 'äöü', 'no json', null)`,
    ])
    await bench.target(
      `create database ${bench.schema}`,
      `create table ${bench.schema}.old (id int not null, v varchar(5) not null default "x" comment "kept", doc json, tenant int not null)
       primary key (id) distributed by hash(id)`,
    )
    const first = await report('--apply')
    expect(first.targets.map(({ target, state }) => [target.split('.')[1], state])).toEqual([
      ['made', 'created'],
      ['old', 'exists'],
    ])
    expect(briefly(first.findings)).toEqual([
      'target.missing_column late 0',
      'target.type v 0',
      'target.type doc 0',
      'target.no_value tenant 0',
      'fit.length v 1',
      'fit.json doc 1',
    ])
    await bench.target(...first.findings.filter(({ check }) => check.startsWith('target.')).map(({ remedy }) => remedy))
    const second = await report('--apply')
    expect(second.targets.map(({ state }) => state)).toEqual(['exists', 'exists'])
    expect(briefly(second.findings)).toEqual([])
    const [row] = await bench.target(`show create table ${bench.schema}.old`)
    expect(JSON.stringify(row)).toContain('`v` varchar(40) NULL DEFAULT \\"x\\" COMMENT \\"kept\\"')
  })

  test('auto_shard: the command and the engine write numbered tables into one, wide enough for all', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.course_1 (id int primary key, title varchar(10) not null, old int)`,
      `create table ${bench.schema}.course_2 (id bigint primary key, title varchar(30), teacher varchar(20) not null)`,
      `create table ${bench.schema}.user_1 (id int primary key)`,
      `create table ${bench.schema}.user_2 (id int primary key)`,
    ])
    const blocks =
      block('source', 'tables = ["/./"]') +
      block('rule', 'table = "/^course_[0-9]+$/"') +
      block('rule', 'table = "/^user_[0-9]+$/"')
    await configure(blocks)
    const apart = await report('--no-scan')
    expect(apart.targets.map(({ target }) => target.split('.')[1])).toEqual([
      'course_1',
      'course_2',
      'user_1',
      'user_2',
    ])
    expect(apart.findings.map(({ remedy }) => remedy)).toEqual([
      expect.stringContaining('sr_table = "user__auto_shard"'),
    ])

    await configure(`${blocks}\n[schema]\nauto_shard = true\n`)
    const { targets, findings } = await report('--apply')
    expect(targets.map(({ target, sources }) => [target.split('.')[1], sources.length])).toEqual([
      ['course__auto_shard', 2],
      ['user__auto_shard', 2],
    ])
    expect(findings.map(({ check, level }) => [check, level])).toEqual([
      ['schema.shared_key', 'ok'],
      ['schema.shared_key', 'ok'],
      ['rules.shared_key', 'ok'],
      ['rules.shared_key', 'ok'],
    ])
    bench.engine.start()
    await bench.server.sql([
      `insert into ${bench.schema}.course_1 values (1, 'one', 5)`,
      `insert into ${bench.schema}.course_2 values (3000000000, 'a longer title than ten', 't')`,
      `insert into ${bench.schema}.user_2 values (9)`,
    ])
    await bench.engine.caughtUp()
    expect(
      await bench.target(`select id, title, old, teacher from ${bench.schema}.course__auto_shard order by id`),
    ).toEqual([
      { id: 1, title: 'one', old: 5, teacher: null },
      { id: 3000000000, title: 'a longer title than ten', old: null, teacher: 't' },
    ])
    expect(await bench.target(`select id from ${bench.schema}.user__auto_shard`)).toEqual([{ id: 9 }])
  })

  if (kind === 'mariadb') return

  test('tables that cannot meet in one target, and rules StarRocks cannot have, are findings', async () => {
    await bench.server.sql([
      `create table ${bench.schema}.a_1 (id int primary key, v varchar(5))`,
      `create table ${bench.schema}.a_2 (no int primary key, v varchar(5))`,
      `create table ${bench.schema}.b (id int primary key, at datetime)`,
    ])
    await configure(
      block('source', 'tables = ["/./"]') +
        block('rule', 'table = "/^a_/"\nsr_table = "a"') +
        block('rule', `table = "b"\npartition_by = "date_trunc('day', at)"`),
    )
    const { findings, targets } = await report('--no-scan', '--apply')
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/a_2 and \S+a_1 cannot both be written into \S+\.a: their keys are \(no\) and \(id\)/),
      expect.stringMatching(/b: partition_by names column "at", which is no key column; the key is \(id\)/),
    ])
    expect(targets).toMatchObject([{ statement: null, state: null }])
    expect(await script('starrocks-create.2.sql')).toContain('b is left out: StarRocks could not have it')
  })

  test('StarRocks away: the scripts are written, the comparison is missing; --apply fails', async () => {
    await bench.server.sql(`create table ${bench.schema}.t (id int primary key)`)
    await configure(undefined, { sr_port: 1 })
    const { findings, targets } = await report('--no-scan')
    expect(findings).toMatchObject([{ check: 'starrocks.reach', level: 'warning' }])
    expect(targets).toMatchObject([{ state: null, statement: expect.stringContaining('PRIMARY KEY') }])
    const { code, err } = await run('--apply', '--no-scan')
    expect(code).toBe(7)
    expect(err).toContain('127.0.0.1:1')
  })

  test('wrong usage and folders', async () => {
    expect(await run('--sample', '2', '--no-scan')).toMatchObject({
      code: 2,
      err: expect.stringContaining('exclude each other'),
    })
    expect(await run('--sample', '1.5')).toMatchObject({ code: 2, err: expect.stringContaining('whole number') })
    await writeFile(join(bench.engine.folder, 'result'), '')
    expect(await run('--no-scan')).toMatchObject({ code: 2, err: expect.stringContaining('schema.output_dir') })
    await configure(undefined, { mysql_addr: '127.0.0.1:1' })
    expect((await run()).code).toBe(4)
  })
})
