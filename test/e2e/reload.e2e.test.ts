import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Engine, type Outcome } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
/** Between two transactions: some hundred a second leave the machine to what is tested. */
const PAUSE_MS = 5

describe.each([
  ['labels', '3.3.0', 'mysql'],
  ['atomic', undefined, 'mariadb'],
] as const)('reload with delivery = "%s"', (delivery, emulatedVersion, kind) => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string
  let source: Connection
  let target: Connection

  beforeAll(async () => {
    server = await sharedServer(kind)
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
      ...(emulatedVersion === undefined ? {} : { emulatedVersion }),
    })
  }, 180_000)
  afterAll(() => sandbox?.close())

  beforeEach(async () => {
    schema = await freshSchema(server)
    source = await server.connect()
    target = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
    for (const table of ['steady', 'one', 'two'])
      await source.query(`create table ${schema}.${table} (id int primary key, v varchar(40))`)
    await target.query(`create database ${schema}`)
    engine = await Engine.create('reload-')
    await configure(['steady', 'one'])
    engine.start()
    await engine.caughtUp()
  }, 120_000)
  afterEach(async () => {
    await engine.destroy()
    await source.end()
    await target.end()
  })

  /** `steady` is there always; `top` and `rule`: further keys. */
  async function configure(tables: readonly string[], top: Record<string, string | number> = {}, rule = '') {
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      top: { server_id: 4712, delivery, flush_interval_ms: 50, ...top },
      blocks: [
        `[[source]]\nschema = "${schema}"\ntables = ${JSON.stringify(tables)}\n`,
        `[[rule]]\nschema = "${schema}"\ntable = "/./"\n${rule}\n`,
      ].join('\n'),
    })
  }

  async function ids(table: string): Promise<number[]> {
    const [rows] = await target.query<RowDataPacket[]>(`select id from ${schema}.${table} order by id`)
    return rows.map(({ id }) => Number(id))
  }

  /** Rows into all three tables until stopped: one transaction each, with how long each took to be seen in `steady`. */
  function traffic(): { readonly count: () => number; stop(): Promise<readonly Age[]> } {
    let next = 1
    let running = true
    const committed = new Map<number, number>()
    const ages: Age[] = []
    const write = async (): Promise<void> => {
      while (running) {
        const id = next++
        await source.query('begin')
        for (const table of ['steady', 'one', 'two'])
          await source.query(`insert into ${schema}.${table} values (${id}, 'v${id}')`)
        await source.query('commit')
        committed.set(id, performance.now())
        await sleep(PAUSE_MS)
      }
    }
    const watch = async (): Promise<void> => {
      const watcher = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
      let seen = 0
      while (running || (seen < next - 1 && engine.alive)) {
        const [rows] = await watcher.query<RowDataPacket[]>(`select max(id) as id from ${schema}.steady`)
        const now = performance.now()
        const last = Number(rows[0]!.id ?? 0)
        for (let id = seen + 1; id <= last; id++) {
          const atMs = committed.get(id) ?? now
          ages.push({ atMs, ms: now - atMs })
        }
        seen = last
        await sleep(PAUSE_MS)
      }
      await watcher.end()
    }
    const work = Promise.all([write(), watch()])
    return {
      count: () => next - 1,
      stop: async () => {
        running = false
        await work
        return ages
      },
    }
  }

  /** Resolves when so many more transactions were committed. */
  async function more({ count }: { count: () => number }, transactions: number): Promise<void> {
    for (const end = count() + transactions; count() < end; ) await sleep(PAUSE_MS)
  }

  /** A test in which neither the server nor the delivery has a part. */
  const once = delivery === 'labels' ? test : (): void => undefined

  const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

  test('under traffic a table comes, another goes, a key changes, and no row of the others is missing or late', async () => {
    const rows = traffic()
    await more(rows, 150)
    const before = rows.count()
    await configure(['steady', 'one', 'two'])
    const spans: [number, number][] = []
    const reload = async (): Promise<Outcome> => {
      const from = performance.now()
      const outcome = await engine.cli('reload')
      spans.push([from, performance.now()])
      return outcome
    }
    const added = await reload()
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(added.stdout).toContain(`${schema}.two comes: into ${schema}.two`)
    expect(added.stdout).toContain('are not copied (snapshot.mode = "never")')
    await more(rows, 150)
    const between = rows.count()
    await configure(['steady', 'two'], { flush_interval_ms: 40 })
    const removed = await reload()
    expect(removed).toMatchObject({ code: 0, stderr: '' })
    expect(removed.stdout).toContain('flush_interval_ms: 50 -> 40')
    expect(removed.stdout).toContain(`${schema}.one goes: ${schema}.one keeps its rows`)
    await more(rows, 150)
    const ages = await rows.stop()
    await engine.caughtUp()
    expect(await ids('steady')).toEqual(all(rows.count()))
    // Followed from one transaction on, to the end, without a gap.
    const two = await ids('two')
    expect(two[0]).toBeGreaterThan(before)
    expect(two).toEqual(all(rows.count()).slice(two[0]! - 1))
    const one = await ids('one')
    expect(one.length).toBeGreaterThan(between - 1)
    expect(one.length).toBeLessThan(rows.count())
    expect(one).toEqual(all(one.length))
    expect(engine.alive).toBe(true)
    console.log(
      [
        `reload, ${kind}, delivery = "${delivery}":`,
        ...[added, removed].map(({ stdout }) => `  ${stdout.trim().split('\n').at(-1)}`),
        '  age in ms of rows of the untouched table when they are seen, by when they were committed:',
        `    before         ${figures(ages, atMs => atMs < spans[0]![0])}`,
        `    while reloads  ${figures(ages, atMs => spans.some(([from, to]) => from <= atMs && atMs <= to))}`,
        `    between        ${figures(ages, atMs => spans[0]![1] < atMs && atMs < spans[1]![0])}`,
        `    after          ${figures(ages, atMs => spans[1]![1] < atMs)}`,
      ].join('\n'),
    )
  }, 120_000)

  once(
    'a bad edit is refused, and rows go on arriving under the old configuration',
    async () => {
      const rows = traffic()
      await more(rows, 50)
      const refused = async (reason: string | RegExp, code = 2): Promise<void> => {
        const outcome = await engine.cli('reload')
        expect(outcome.stderr).toMatch(reason)
        expect(outcome.code).toBe(code)
        await more(rows, 20)
      }
      await configure(['steady', 'one', 'two'], { flush_intervall_ms: 5 })
      await refused(/sync\.toml:\d+:\d+: unknown key flush_intervall_ms; did you mean flush_interval_ms/)
      await configure(['steady', 'one', 'two'], { server_id: 9 })
      await refused(/server_id: 4712 -> 9: it names this process/)
      await configure(['steady', 'one', 'two'], { mysql_addr: '127.0.0.1:1' })
      await refused(/mysql_addr: .* the saved position/)
      await configure(['steady', 'one', 'two'], {}, 'columns = ["v"]')
      await refused(/column/)
      await target.query(`create table ${schema}.two (id int not null) primary key (id)`)
      await configure(['steady', 'one', 'two'])
      await refused(new RegExp(`${schema}\\.two`), 7)
      await configure(['steady', 'one', 'two'], { sr_http_port: 1, sr_port: 1 })
      await refused(/127\.0\.0\.1:1/, 7)
      await rows.stop()
      await engine.caughtUp()
      expect(await ids('steady')).toEqual(all(rows.count()))
      expect(await ids('one')).toEqual(all(rows.count()))
      expect(await ids('two')).toEqual([])
    },
    120_000,
  )

  once(
    '--dry-run shows what would change and changes nothing; another file is not taken',
    async () => {
      await configure(['steady', 'one', 'two'], { flush_rows: 9 })
      const shown = await engine.cli('reload', '--dry-run')
      expect(shown).toMatchObject({ code: 0, stderr: '' })
      expect(shown.stdout).toContain('flush_rows: 500000 -> 9')
      expect(shown.stdout).toContain(`${schema}.two comes`)
      expect(shown.stdout).toContain('nothing was changed')
      await expect(target.query(`select * from ${schema}.two`)).rejects.toThrow(/two/)
      await configure(['steady', 'one'])
      expect((await engine.cli('reload')).stdout.trim()).toBe('nothing has changed')
    },
    120_000,
  )

  once(
    'SIGHUP does the same and says so in the log',
    async () => {
      const log = async (): Promise<string> => readFile(join(engine.folder, 'sync.log'), 'utf8')
      const said = async (text: string): Promise<void> => {
        while (!(await log()).includes(text)) await sleep(20)
      }
      await configure(['steady', 'two'], {}, 'exclude = ["v"]')
      process.kill(engine.pid!, 'SIGHUP')
      await said('another configuration is in force')
      expect(await log()).toContain(`${schema}.two comes`)
      expect(await log()).toContain(`mysql-sr-sync recopy ${schema}.steady`)
      for (const table of ['steady', 'one', 'two']) await source.query(`insert into ${schema}.${table} values (1, 'a')`)
      await engine.caughtUp()
      expect([await ids('steady'), await ids('one'), await ids('two')]).toEqual([[1], [], [1]])
      await configure(['steady'], { server_id: 1 })
      process.kill(engine.pid!, 'SIGHUP')
      await said('The configuration was not reloaded: These keys change only with a restart: | server_id')
      await source.query(`insert into ${schema}.two values (2, 'a')`)
      await engine.caughtUp()
      expect(await ids('two')).toEqual([1, 2])
    },
    120_000,
  )

  test.each(delivery === 'labels' ? ['reloading', 'sent:2', 'fsync', 'starting'] : ['reloading', 'sent:2'])(
    'killed in the middle of it (%s), the next start loses no row and brings none twice',
    async step => {
      await engine.stop()
      await configure(['steady', 'one'], { flush_rows: 2, concurrent_size: 1 }, 'mode = "append"')
      await target.query(`drop table ${schema}.steady`)
      await target.query(`drop table ${schema}.one`)
      engine.start({ KILL_AT: `reloading>${step}` }, [KILLED_ENGINE])
      await engine.caughtUp()
      const rows = traffic()
      await more(rows, 40)
      await configure(['steady', 'two'], {}, 'mode = "append"')
      expect(await engine.cli('reload')).toMatchObject({ code: 1, stderr: expect.stringContaining('answer was lost') })
      await engine.ended()
      expect(engine.signal).toBe('SIGKILL')
      engine.start()
      await more(rows, 40)
      await rows.stop()
      await engine.caughtUp()
      expect(await ids('steady')).toEqual(all(rows.count()))
      const two = await ids('two')
      expect(two).toEqual(all(rows.count()).slice(two[0]! - 1))
      const one = await ids('one')
      expect(one).toEqual(all(one.length))
    },
    120_000,
  )

  once(
    'without an engine it says so',
    async () => {
      await engine.stop()
      expect(await engine.cli('reload')).toMatchObject({ code: 1, stderr: expect.stringContaining('no engine runs') })
    },
    120_000,
  )
})

/** How old a row was when it was seen in the target, and when it was committed, in ms. */
interface Age {
  readonly atMs: number
  readonly ms: number
}

/** p50, p99 and the greatest age of the rows that were committed then. */
function figures(ages: readonly Age[], isThen: (atMs: number) => boolean): string {
  const sorted = ages
    .filter(({ atMs }) => isThen(atMs))
    .map(({ ms }) => ms)
    .sort((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(0)
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} of ${sorted.length} rows`
}
