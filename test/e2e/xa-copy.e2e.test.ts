import { rm } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { decidePrepared } from '../support/prepared-branch.js'
import { SyncBench } from '../support/sync-bench.js'

test.each([
  ['mysql', 'labels', '3.3.0'],
  ['mariadb', 'atomic', '4.1.0'],
] as const)(
  '%s: an XA transaction prepared before a first start stops it at its XA COMMIT, and no row is lost or doubled behind the remedy (%s)',
  async (kind, delivery, emulatedVersion) => {
    const bench = await SyncBench.shared(kind, { sandbox: { emulatedVersion }, folder: 'xa-copy-' })
    const { server, engine, schema } = bench
    try {
      await bench.configure({
        top: { delivery, flush_interval_ms: 50 },
        blocks: `[snapshot]\nmode = "initial"\n\n${bench.blocks({ t: '', u: 'mode = "append"' })}`,
      })
      await rm(engine.masterInfo)
      await bench.target(`create database ${schema}`)
      for (const table of ['t', 'u'])
        await server.sql([
          `create table ${schema}.${table} (id int primary key, v int)`,
          `insert into ${schema}.${table} values (1, 1), (2, 2), (3, 3)`,
        ])
      for (const [xid, id] of [
        ['kept', 10],
        ['gone', 20],
      ] as const) {
        const connection = await server.connect({ database: schema })
        for (const sql of [
          `xa start '${schema}${xid}'`,
          `insert into t values (${id}, 1)`,
          `insert into u values (${id}, 1)`,
          `update t set v = v + 10 where id = ${id / 10}`,
          `xa end '${schema}${xid}'`,
          `xa prepare '${schema}${xid}'`,
        ])
          await connection.query(sql)
        await connection.end()
      }
      const state = async () => [
        await bench.target(`select id, v from ${schema}.t order by id`),
        await bench.target(`select id, v from ${schema}.u order by id`),
      ]
      const source = async () => [
        await server.sql(`select id, v from ${schema}.t order by id`),
        await server.sql(`select id, v from ${schema}.u order by id`),
      ]
      const before = await source()
      engine.start()
      await engine.said(/copied \S+\.u/)
      await engine.said(/copied \S+\.t/)
      await decidePrepared(server, 'rollback', `'${schema}gone'`)
      await engine.caughtUp()
      expect(await state()).toEqual(before)
      expect(engine.output).toMatch(/2 XA transactions are prepared there.*the stream stops/)
      await decidePrepared(server, 'commit', `'${schema}kept'`)
      expect(await engine.ended()).toBe(6)
      expect(engine.output).toMatch(/preparedRowsLost.*XA COMMIT/s)
      expect(await state()).toEqual(before)

      const [head] = await server.sql(kind === 'mysql' ? 'show binary log status' : 'show master status')
      await engine.startAt(String(head!.File), Number(head!.Position))
      expect((await engine.cli('recopy', `${schema}.t`)).code).toBe(0)
      expect((await engine.cli('recopy', '--truncate', `${schema}.u`)).code).toBe(0)
      engine.start()
      await engine.said(/copied \S+\.u/)
      await engine.said(/copied \S+\.t/)
      await engine.caughtUp()
      expect(await state()).toEqual(await source())
    } finally {
      await bench.close()
    }
  },
  120_000,
)
