import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { TableVerdict, VerifyReport } from '../../lib/verify/verdict.js'
import { type Damage, DamagedTables } from '../support/damaged-tables.js'
import { Engine } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'

describe.each(['mysql', 'mariadb'] as const)('verify while %s moves', kind => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string
  let tables: DamagedTables

  beforeAll(async () => {
    server = await sharedServer(kind)
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
    })
    schema = await freshSchema(server)
    engine = await Engine.create()
    tables = new DamagedTables(server, schema, sandbox.mysqlPort)
    await tables.create()
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      blocks: tables.blocks,
    })
    engine.start()
    await engine.caughtUp(120)
  }, 300_000)
  afterAll(async () => {
    await tables?.quiet()
    await engine?.destroy()
    await sandbox?.close()
  }, 120_000)

  async function verify(...args: string[]): Promise<{ code: number | null; found: Map<string, TableVerdict> }> {
    const { code, stdout, stderr } = await engine.cli('verify', '--json', ...args)
    if (!stdout.startsWith('{')) throw new Error(stderr)
    const { tables } = JSON.parse(stdout) as VerifyReport
    return { code, found: new Map(tables.map(table => [table.target.slice(schema.length + 1), table])) }
  }

  const IGNORED = ['t_changes']
  const states = (found: ReadonlyMap<string, TableVerdict>) =>
    Object.fromEntries([...found].map(([name, { state }]) => [name, state]))
  const WELL = { t: 'ok', s: 'ok', c: 'ok', b: 'ok', orders: 'ok', t_sums: 'ok', t_changes: 'ignored' }

  /** The numbers of a verdict beside those of the damages, and the keys that are shown. */
  function expectExactly(found: ReadonlyMap<string, TableVerdict>, done: readonly Damage[]): void {
    for (const [name, verdict] of found) {
      if (IGNORED.includes(name)) continue
      const own = done.filter(({ target }) => target === verdict.target)
      const count = (kind: Damage['kind']) => own.filter(damage => damage.kind === kind).length
      // Keys that were not damaged first: they tell more than their number.
      const shown = verdict.keys.map(({ kind, key, columns }) => ({ target: verdict.target, kind, key, columns }))
      for (const damage of shown) expect(own).toContainEqual(damage)
      expect([name, verdict.differs, verdict.missing, verdict.extra, shown.length]).toEqual([
        name,
        count('changed'),
        count('missing'),
        count('extra'),
        Math.min(20, own.length),
      ])
    }
  }

  test('planted damages are found, each and no other, under traffic', async () => {
    const clean = await verify()
    expect([clean.code, states(clean.found)]).toEqual([0, WELL])
    expect(clean.found.get('t_changes')?.reason).toMatch(/each of its rows is a change/)

    await tables.traffic()
    const done = await tables.damage()
    const damaged = await verify()
    expect(damaged.code).toBe(1)
    expectExactly(damaged.found, done)
    for (const name of ['t', 's', 'c', 'b', 'orders', 't_sums']) expect(damaged.found.get(name)?.state).toBe('differs')

    await tables.mend()
    const mended = await verify(...['t', 's', 'c', 'b', 'orders'].flatMap(name => ['--table', `${schema}.${name}`]))
    expectExactly(mended.found, [])
    expect(await tables.quiet()).toBeGreaterThan(100)
    const quiet = await verify()
    expect([quiet.code, states(quiet.found)]).toEqual([0, WELL])
  }, 600_000)

  test('a stopped engine leaves its rows pending', async () => {
    await engine.stop()
    await server.sql([`update ${schema}.s set note = 'later' where code = 'key-2é'`])
    const { code, found } = await verify('--table', `${schema}.s`)
    expect([code, found.get('s')?.state, found.get('s')?.pending]).toEqual([1, 'pending', 1])
    expect(found.get('s')?.reason).toMatch(/^the engine does not run; it is at \S+:\d+, and the source at \S+:\d+$/)
    const { stdout } = await engine.cli('verify', '--table', `${schema}.c`)
    expect(stdout).toMatch(/^source +target +state +rows/)
    expect(stdout).toMatch(new RegExp(`^${schema}\\.c +${schema}\\.c +ok +2000 `, 'm'))
    const unknown = await engine.cli('verify', '--table', 'no.where')
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/^no\.where is no table/) })
  }, 120_000)
})
