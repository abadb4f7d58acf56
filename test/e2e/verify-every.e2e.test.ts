import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { VerifySummary } from '../../lib/model/verify-summary.js'
import { SyncBench } from '../support/sync-bench.js'

let bench: SyncBench

beforeAll(async () => {
  bench = await SyncBench.shared('mysql')
  await bench.server.sql(`create table ${bench.schema}.t (id int primary key, v varchar(20))`)
})
afterAll(() => bench?.close())

function configure(verify: string): Promise<void> {
  return bench.configure({ top: { server_id: 4711 }, blocks: `[verify]\n${verify}\n\n${bench.blocks({ t: '' })}` })
}

async function kept(): Promise<VerifySummary> {
  return JSON.parse(await readFile(join(bench.engine.dataDir, 'verify.json'), 'utf8')) as VerifySummary
}

test('[verify] every: the running engine compares by itself, warns of what differs, and remembers it', async () => {
  const { engine, schema } = bench
  await configure('rate = 1000')
  engine.start()
  await bench.server.sql(`insert into ${schema}.t values (1, 'a'), (2, 'b'), (3, 'c')`)
  await engine.caughtUp()
  expect(await engine.status()).toMatchObject({ verify: null })

  await configure('every = "1s"')
  expect(await engine.cli('reload')).toMatchObject({ code: 0 })
  await engine.said(/compared with the source.*tables=1 rows=3/)
  expect(engine.output).not.toMatch(/not the same/)

  await bench.target(
    `delete from ${schema}.t where id = 1`,
    `update ${schema}.t set v = 'x' where id = 2`,
    `insert into ${schema}.t values (9, 'z')`,
  )
  const name = `${schema}.t`
  const finding = { source: name, target: name, state: 'differs', differs: 1, missing: 1, extra: 1, pending: 0 }
  await engine.said(`Source and target are not the same: ${name} and ${name}: 1 differs, 1 missing, 1 extra`)
  // A comparison in the middle of the statements above has found a part of it.
  const status = await engine.statusWhen(({ verify }) => verify?.findings[0]?.extra === 1)
  expect(status).toMatchObject({ verify: { tables: 1, rows: 3, findings: [finding] } })
  expect((await engine.cli('status')).stdout).toMatch(/verify .*1 differ, 1 missing, 1 extra, 0 pending/)
  expect(await engine.stop()).toBe(0)

  // A day has not passed: the next process tells what the one before found, and does not compare.
  await configure('every = "24h"')
  const { findings, at_ms } = await kept()
  expect(findings).toEqual([finding])
  engine.start()
  await engine.caughtUp()
  expect(await engine.statusWhen(({ verify }) => verify !== null)).toMatchObject({ verify: { at_ms, findings } })
  expect(engine.output).not.toMatch(/compared with the source/)
}, 180_000)
