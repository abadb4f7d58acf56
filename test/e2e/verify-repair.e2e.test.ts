import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { VerifyReport } from '../../lib/verify/verdict.js'
import { DamagedTables } from '../support/damaged-tables.js'
import { Engine } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'

describe.each(['mysql', 'mariadb'] as const)('verify --repair while %s moves', kind => {
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
    const { port: mysqlPort } = server
    const setup = { mysqlPort, fePort: sandbox.mysqlPort, feHttpPort: sandbox.feHttpPort, flavor: kind, schema }
    // A table with sums or changes beside cannot be read again by its keys.
    const blocks = tables.blocks
      .split('[[rule]]')
      .filter(block => !/mode|group_by/.test(block))
      .join('[[rule]]')
    await engine.configure({ ...setup, blocks })
    engine.start()
    await engine.caughtUp(120)
  }, 300_000)
  afterAll(async () => {
    await tables?.quiet()
    await engine?.destroy()
    await sandbox?.close()
  }, 120_000)

  async function verify(...args: string[]): Promise<VerifyReport> {
    const { stdout, stderr } = await engine.cli('verify', '--json', ...args)
    if (!stdout.startsWith('{')) throw new Error(stderr)
    return JSON.parse(stdout) as VerifyReport
  }

  test('what differs is read again through the stream, and nothing is left', async () => {
    await tables.traffic()
    const done = await tables.damage({ sums: false })
    const { tables: repaired } = await verify('--repair')
    for (const { target, differs, missing, extra, repaired: mended } of repaired) {
      const own = done.filter(damage => damage.target === target).length
      expect([target, differs + missing + extra, mended]).toEqual([target, own, own])
    }
    expect(await tables.quiet()).toBeGreaterThan(0)
    const { tables: again } = await verify()
    expect(again.map(({ state }) => state)).toEqual(again.map(() => 'ok'))
  }, 600_000)
})
