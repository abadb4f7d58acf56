import { expect, test } from '@jest/globals'
import { createConnection } from 'mysql2/promise'
import { lockDataDir } from '../../lib/checkpoint/data-dir.js'
import { readConfig } from '../../lib/cli/read-config.js'
import type { Happening } from '../../lib/model/observer.js'
import { createSupervisor } from '../../lib/supervisor.js'
import { Random } from '../support/random.js'
import { sharedServer } from '../support/servers.js'
import { SnapshotRun } from '../support/snapshot-run.js'

test('a running engine reads keys again, copies tables again, and refuses both where rows would be counted twice', async () => {
  const run = await SnapshotRun.create(await sharedServer('mysql'), 'atomic', 2_000, new Random(11), 'mode = "initial"')
  const { tables, sandbox } = run
  const read = () => readConfig({ config: run.engine.configFile })
  const { config, baseDir, dataDir } = read()
  const lock = lockDataDir(dataDir)
  const seen: Happening[] = []
  const supervisor = createSupervisor(
    config,
    { baseDir, read, handlers: new Map() },
    happening => void seen.push(happening),
  )
  const stop = new AbortController()
  const running = supervisor.run(stop.signal)
  const target = await createConnection({ host: '127.0.0.1', port: sandbox.mysqlPort, user: 'root' })
  const table = (name: string) => ({ schema: tables.schema, table: name })
  try {
    tables.start()
    await run.untilAllCopied()
    await tables.stop()
    await run.untilEqual()

    await target.query(`delete from ${tables.schema}.by_int where id = 200`)
    await target.query(`update ${tables.schema}.by_int set note = 'damaged' where id = 100`)
    await target.query(`insert into ${tables.schema}.by_int values (777777, 1, 2, 3, 'extra')`)
    const [there] = (await run.server.sql(
      `select count(*) as n from ${tables.schema}.by_int where id in (100, 200)`,
    )) as { n: number }[]
    const keys = [['100'], ['200'], ['777777']]
    expect(await supervisor.copies.readKeys(table('by_int'), keys, stop.signal)).toEqual({
      found: Number(there!.n),
      gone: 3 - Number(there!.n),
    })
    expect((await tables.judge(sandbox.mysqlPort)).differences).toEqual([])

    await target.query(`delete from ${tables.schema}.by_text where grp < 5`)
    await target.query(`update ${tables.schema}.by_text set amount = -1 where grp >= 0`)
    tables.start()
    await supervisor.copies.recopy({ ...table('by_text'), where: 'grp < 100' })
    await run.untilAllCopied()
    await tables.stop()
    await run.untilEqual()
    expect(run.engine.copies.find(copy => copy.table === 'by_text')).toMatchObject({
      reason: 'ordered',
      where: 'grp < 100',
    })

    for (const name of ['logged', 'summed']) {
      const refused = { kind: 'snapshotUnfit' }
      await expect(supervisor.copies.recopy({ ...table(name), where: null })).rejects.toMatchObject(refused)
      await expect(supervisor.copies.readKeys(table(name), [['1']], stop.signal)).rejects.toMatchObject(refused)
    }
    await expect(supervisor.copies.recopy({ ...table('nowhere'), where: null })).rejects.toMatchObject({
      kind: 'snapshotUnfit',
    })
    expect((await tables.judge(sandbox.mysqlPort)).differences).toEqual([])
    expect(seen.filter(({ kind }) => kind === 'failed')).toEqual([])
  } finally {
    stop.abort()
    await running
    lock.release()
    await target.end()
    await run.close()
  }
}, 300_000)
