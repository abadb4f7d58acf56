import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import type { Finding } from '../../lib/model/finding.js'
import { Engine, type EngineSetup } from '../support/engine.js'
import { SyncBench } from '../support/sync-bench.js'

describe.each(['mysql', 'mariadb'] as const)('check against %s', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    // Its global variables are changed.
    bench = await SyncBench.own(kind)
  })
  afterAll(() => bench?.close())
  beforeEach(async () => {
    await bench.renew()
    await bench.server.sql(`create table ${bench.schema}.t (id int primary key, v varchar(40))`)
    await configure()
  })

  function configure(top: EngineSetup['top'] = {}, blocks?: string): Promise<void> {
    return bench.configure({ top, blocks })
  }

  /** Runs `check --json`; the errors, and the whole list must agree with the exit code. */
  async function errors(level: Finding['level'] = 'error'): Promise<Finding[]> {
    let out = ''
    const terminal = {
      out: (text: string) => {
        out += text
      },
      err: (text: string) => {
        throw new Error(text)
      },
    }
    const code = await main(['check', '--json', '-c', bench.engine.configFile], terminal)
    const findings = JSON.parse(out) as Finding[]
    expect(code).toBe(findings.some(finding => finding.level === 'error') ? 1 : 0)
    for (const finding of findings) expect(finding.remedy === '').toBe(finding.level === 'ok')
    return findings.filter(finding => finding.level === level)
  }

  /** The one error there is. */
  async function theError(): Promise<Finding> {
    const found = await errors()
    expect(found).toHaveLength(1)
    return found[0]!
  }

  test('a good set-up: no error, every part looked at, a text for people', async () => {
    expect(await errors()).toEqual([])
    const looked = new Set((await errors('ok')).map(({ check }) => check.split('.').slice(0, 2).join('.')))
    expect([...looked]).toEqual(
      expect.arrayContaining([
        ...['mysql.reach', 'mysql.flavor', 'mysql.log_bin', 'mysql.binlog_format', 'mysql.binlog_row_image'],
        ...['mysql.binlog_row_value_options', 'mysql.binlog_retention', 'mysql.grants', 'mysql.server_id'],
        ...['mysql.position', 'rules.table', 'starrocks.query_port', 'starrocks.http_port', 'starrocks.login'],
        ...['starrocks.version', 'starrocks.backend', 'starrocks.redirect', 'starrocks.rights', 'starrocks.target'],
        ...['local.data_dir', 'local.log_file'],
      ]),
    )
    const { code, stdout } = await bench.engine.cli('check')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ok {7}local\.data_dir: /)
    expect(stdout).toMatch(
      /\nwarning {2}mysql.binlog_row_metadata: .+\n {9}-> SET GLOBAL binlog_row_metadata = 'FULL';/,
    )
  })

  test('binlog_row_image = MINIMAL is told with what follows from it, and mended by its remedy', async () => {
    await bench.server.sql("set global binlog_row_image = 'MINIMAL'")
    expect(await errors()).toEqual([])
    const finding = (await errors('warning')).find(({ check }) => check === 'mysql.binlog_row_image')!
    expect(finding.message).toMatch(/^binlog_row_image = MINIMAL: updates become partial updates/)
    await bench.server.sql(finding.remedy)
    expect((await errors('warning')).map(({ check }) => check)).not.toContain('mysql.binlog_row_image')
  })

  test.each([['binlog_format', 'STATEMENT', 'ROW']])('%s = %s, mended by its remedy', async (name, wrong) => {
    await bench.server.sql(`set global ${name} = '${wrong}'`)
    const finding = await theError()
    expect(finding).toMatchObject({ check: `mysql.${name}`, message: `${name} = ${wrong}` })
    await bench.server.sql(finding.remedy)
    expect(await errors()).toEqual([])
  })

  test('missing grants, each mended by its remedy', async () => {
    const user = `u${bench.schema}`
    await bench.server.sql(`create user ${user}@'127.%' identified by 'sesame-99'`)
    await configure({ mysql_user: user, mysql_pass: 'sesame-99' })
    for (const check of ['mysql.grants.replication', `mysql.grants.select.${bench.schema}`]) {
      const found = await errors()
      expect(found.map(finding => finding.check)).toContain(check)
      expect(JSON.stringify(found)).not.toContain('sesame-99')
      const finding = found.find(other => other.check === check)!
      expect(finding.remedy).toMatch(new RegExp(`^GRANT .+ TO '${user}'@'127\\.%';$`))
      await bench.server.sql(finding.remedy)
    }
    expect(await errors()).toEqual([])
    await bench.server.sql(`drop user ${user}@'127.%'`)
  })

  test("server_id is the source's own, or that of a reader it has", async () => {
    const [row] = await bench.server.sql('select @@server_id as id')
    await configure({ server_id: Number(row!.id) })
    expect(await theError()).toMatchObject({
      check: 'mysql.server_id',
      message: expect.stringMatching(/the source's own/),
    })

    await configure({ server_id: 424_242 })
    const other = await Engine.create()
    try {
      await writeFile(other.configFile, await readFile(bench.engine.configFile, 'utf8'))
      other.start()
      await other.caughtUp()
      expect(await theError()).toMatchObject({ check: 'mysql.server_id', message: expect.stringContaining('424242') })
    } finally {
      await other.destroy()
    }
  })

  test('a table without a key, and a position that is gone', async () => {
    await bench.server.sql(`create table ${bench.schema}.bare (v int)`)
    expect(await theError()).toMatchObject({
      check: 'rules.table',
      message: expect.stringContaining(`${bench.schema}.bare`),
    })
    await bench.server.sql(`drop table ${bench.schema}.bare`)
    await mkdir(`${bench.engine.folder}/var`)
    await writeFile(bench.engine.masterInfo, 'bin_name = "gone.000001"\nbin_pos = 4\n')
    expect(await theError()).toMatchObject({ check: 'mysql.position', message: expect.stringContaining('gone.000001') })
  })

  // What follows is StarRocks' part, or MySQL's alone.
  if (kind === 'mariadb') return

  test('binlog_row_value_options = PARTIAL_JSON does with whole images, not with MINIMAL ones', async () => {
    await bench.server.sql(`set global binlog_row_value_options = 'PARTIAL_JSON'`)
    expect(await errors()).toEqual([])
    await bench.server.sql(`set global binlog_row_image = 'MINIMAL'`)
    try {
      const finding = await theError()
      expect(finding).toMatchObject({ check: 'mysql.binlog_row_value_options' })
      await bench.server.sql(finding.remedy)
      expect(await errors()).toEqual([])
    } finally {
      await bench.server.sql([`set global binlog_row_image = 'FULL'`, `set global binlog_row_value_options = ''`])
    }
  })

  test('the source cannot be reached; StarRocks is looked at all the same', async () => {
    await configure({ mysql_addr: '127.0.0.1:1' })
    expect(await theError()).toMatchObject({ check: 'mysql.reach', remedy: expect.stringContaining('mysql_addr') })
    expect((await errors('ok')).map(({ check }) => check)).toContain('starrocks.login')
  })

  test('FE ports closed', async () => {
    await configure({ sr_port: 1, sr_http_port: 1 })
    const found = await errors()
    expect(found.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['starrocks.query_port', 'starrocks.http_port']),
    )
    expect(found[0]!.remedy).toContain('nc -vz 127.0.0.1 1')
  })

  test('no BE is alive', async () => {
    bench.sandbox.faults.set({ noBackendAlive: true })
    expect(await theError()).toMatchObject({
      check: 'starrocks.redirect',
      remedy: expect.stringContaining('SHOW BACKENDS'),
    })
  })

  test('the FE redirects to a BE that cannot be reached from here; the address map mends it', async () => {
    const closed = createServer()
    await new Promise<void>(done => closed.listen(0, '127.0.0.1', done))
    const { port } = closed.address() as { port: number }
    await new Promise(done => closed.close(done))
    bench.sandbox.faults.set({ redirectTo: `127.0.0.1:${port}` })
    const finding = await theError()
    expect(finding).toMatchObject({
      check: 'starrocks.redirect',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    expect(finding.remedy).toContain(`sr_be_address_map = { "127.0.0.1:${port}" = "`)
  })

  test('data_dir and log_file that cannot be written', async () => {
    await configure({ data_dir: '/dev/null/var', log_file: '/dev/null/sync.log' })
    expect((await errors()).map(({ check }) => check)).toEqual(['local.data_dir', 'local.log_file'])
  })

  test('targets: a missing column, a narrow one, the wrong model', async () => {
    await bench.target(`create database ${bench.schema}`)
    const columns = 'id int not null'
    await bench.target(`create table ${bench.schema}.t (${columns}) primary key (id) distributed by hash(id)`)
    const missing = await theError()
    expect(missing).toMatchObject({
      check: 'starrocks.target',
      message: expect.stringContaining('lacks the columns v'),
    })
    await bench.target(missing.remedy)
    expect(await errors()).toEqual([])

    await bench.target(
      `drop table ${bench.schema}.t`,
      `create table ${bench.schema}.t (${columns}, v varchar(10)) primary key (id) distributed by hash(id)`,
    )
    const narrow = (await errors('warning')).find(({ check }) => check === 'starrocks.target')!
    expect(narrow.message).toMatch(/\.t\.v is varchar\(10\) where varchar\(\d+\) is wanted/)
    await bench.target(narrow.remedy)
    expect((await errors('warning')).map(({ check }) => check)).not.toContain('starrocks.target')

    await bench.target(
      `drop table ${bench.schema}.t`,
      `create table ${bench.schema}.t (${columns}, v varchar(200)) duplicate key (id) distributed by hash(id)`,
    )
    expect(await theError()).toMatchObject({ message: expect.stringContaining('DUPLICATE KEY') })
  })

  test('targets of changes and of sums: without a key, inexact, of the wrong model, one target in two ways', async () => {
    await bench.server.sql(`create table ${bench.schema}.bare (shop int, price decimal(10,2), weight double)`)
    const ruleFor = (table: string, target: string, more: string) =>
      `[[rule]]\nschema = "${bench.schema}"\ntable = "${table}"\nsr_table = "${target}"\n${more}\n`
    const sourceBlock = `[[source]]\nschema = "${bench.schema}"\ntables = ["t", "bare"]\n`
    const append = ruleFor('bare', 'bare_log', 'mode = "append"')
    const sums = (measure: string) =>
      ruleFor('bare', 'sums', `group_by = ["shop"]\nmeasures = { n = "count(*)", s = "${measure}" }`)
    await configure({}, sourceBlock + append + sums('sum(price)') + ruleFor('t', 't', ''))
    expect(await errors()).toEqual([])
    const made = (await errors('ok')).filter(({ check }) => check === 'starrocks.target').map(f => f.message)
    expect(made.sort()).toEqual(
      ['bare_log', 'sums', 't'].map(t => `${bench.schema}.${t} is missing and will be created`),
    )

    await configure({}, sourceBlock + sums('sum(weight)'))
    expect((await errors('warning')).map(f => f.message)).toContainEqual(
      expect.stringMatching(/sums\.s = sum\(weight\)/),
    )

    await bench.target(
      `create database ${bench.schema}`,
      `create table ${bench.schema}.bare_log (shop int not null) primary key (shop) distributed by hash(shop)`,
    )
    await configure(
      {},
      sourceBlock + append + ruleFor('t', 'bare_log', 'group_by = ["v"]\nmeasures = { n = "count(*)" }'),
    )
    const found = await errors()
    expect(found.map(f => f.check).sort()).toEqual(['rules.table', 'starrocks.target'])
    expect(found.map(f => f.message).join()).toMatch(/in two ways: (append and aggregate|aggregate and append)/)
    expect(found.map(f => f.message).join()).toMatch(/PRIMARY KEY table; (rows of changes|sums per group)/)
  })
})
