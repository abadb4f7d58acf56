import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { CopyRecord } from '../../lib/model/copy-record.js'
import { Random } from '../support/random.js'
import { judgeChanges, promisedSelects, SalesTables } from '../support/sales-tables.js'
import { SyncBench } from '../support/sync-bench.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const STEPS = ['sealed', 'planned', 'sending', 'sent', 'committed', 'saving', 'fsync'] as const
const ROWS = Number(process.env.SALES_ROWS ?? 1000)
const KILLS = Number(process.env.KILLS ?? 2)
const SEED = Number(process.env.SEED ?? 20_261_121)
/** How long something that must happen may take; how fast it happens decides nothing. */
const PATIENCE_MS = 120_000
const EXAMPLES = ['sales-ranking', 'changes']

test.each([
  ['labels', 'mysql', '3.3.0'],
  ['atomic', 'mariadb', '4.1.0'],
] as const)(
  'rankings and changes with delivery = "%s" from %s, copied and killed under traffic: as the comments of the examples say, and as verify finds',
  async (delivery, source, emulatedVersion) => {
    const bench = await SyncBench.shared(source, { sandbox: { emulatedVersion }, folder: 'sales-' })
    const { engine, schema, server } = bench
    const random = new Random(SEED)
    const tables = await SalesTables.create(server, schema, ROWS, random)
    const copies = (): readonly CopyRecord[] => {
      try {
        return JSON.parse(readFileSync(`${engine.dataDir}/snapshot/state.json`, 'utf8')).tables
      } catch {
        return []
      }
    }
    const isCopied = () => copies().length === 2 && copies().every(({ state }) => state === 'copied')
    const until = async (what: string, there: () => boolean) => {
      for (const deadline = Date.now() + PATIENCE_MS; !there(); await delay(10))
        if (Date.now() > deadline)
          throw new Error(`no ${what}: ${JSON.stringify(copies())} ${engine.output.slice(-2000)}`)
    }
    const killAtStep = async () => {
      const step = `${STEPS[random.below(STEPS.length)]!}:${1 + random.below(5)}`
      engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await until(`step ${step}`, () => !engine.alive)
      if (engine.signal !== 'SIGKILL')
        throw new Error(`the engine has ended before ${step}: ${engine.output.slice(-3000)}`)
    }
    const examples = EXAMPLES.map(name => tables.example(name))
    const checked = `[[rule]]\nschema = "${schema}"\ntable = "sales"\nsr_table = "checked"\ngroup_by = ["product_id"]
measures = { n = "count(*)", revenue = "sum(price * qty)", third = "avg(price / 3)", paid = "sum(status = 'PAID')", rate = "sum(price * 1e0)" }\n`
    try {
      await bench.configure({
        top: { delivery, flush_interval_ms: 100, concurrent_size: 3, load_timeout_ms: 20_000 },
        blocks: `[snapshot]\nmode = "initial"\nconnections = 2\nchunk_rows = ${Math.round(ROWS / 10)}\nrate_rows = ${Math.round(ROWS / 2)}\n\n${[...examples, checked].join('\n')}`,
      })
      // Without a place to go on from it begins with a copy.
      await rm(engine.masterInfo)
      tables.start()
      for (let kills = 0; kills < KILLS; kills++) await killAtStep()
      engine.start()
      await until('end of the copy', isCopied)
      await engine.stop('SIGKILL')
      for (let kills = 0; kills < KILLS; kills++) await killAtStep()
      engine.start()
      await delay(500)
      await tables.stop()
      await engine.caughtUp(120)

      const promised = examples.flatMap(promisedSelects)
      expect(promised).toHaveLength(5)
      for (const { source: wanted, target: found } of promised) {
        const [a, b] = [await sourceRows(wanted), await bench.targetRows(`use ${schema}`, found)]
        expect(a.length).toBeGreaterThan(0)
        expect(texts(b)).toEqual(texts(a))
      }
      const log = await bench.target(`select * from ${schema}.sales_changes order by _bin_name, _bin_pos, _event, _row`)
      expect(log.length).toBeGreaterThan(ROWS)
      expect(judgeChanges(log)).toEqual([])
      const prices = await bench.target(
        `select * from ${schema}.paid_prices order by _bin_name, _bin_pos, _event, _row`,
      )
      expect(Object.keys(prices[0]!).slice(6)).toEqual(['id', 'price', '_before_price'])
      expect(judgeChanges(prices)).toEqual([])

      expect(await verified('checked')).toMatchObject({ differs: 0, missing: 0, extra: 0 })
      await bench.target(`insert into ${schema}.checked values (3, 0, 0, 0.0001, 0, 0, 0)`)
      expect(await verified('checked')).toMatchObject({ differs: 1, missing: 0, extra: 0 })
    } finally {
      await tables.stop().finally(() => bench.close())
    }

    async function sourceRows(sql: string): Promise<unknown[][]> {
      const connection = await server.connect({ dateStrings: true, supportBigNumbers: true })
      try {
        return (await connection.query({ sql, rowsAsArray: true }))[0] as unknown[][]
      } finally {
        await connection.end()
      }
    }

    async function verified(table: string): Promise<Record<string, unknown>> {
      const { stdout } = await engine.cli('verify', '--json', '--table', `${schema}.sales`)
      const { tables: found } = JSON.parse(stdout) as { tables: Record<string, unknown>[] }
      const verdict = found.find(({ target }) => target === `${schema}.${table}`)
      if (verdict === undefined) throw new Error(`${table} is not in ${stdout}`)
      return verdict
    }
  },
  600_000,
)

/** Decimals and moments without the zeros at their end, in an order that both sides share. */
function texts(rows: readonly (readonly unknown[])[]): string[] {
  const text = (value: unknown) => {
    if (value === null) return 'NULL'
    const shown = String(value)
    return /^-?\d+\.\d+$|:\d\d\.\d+$/.test(shown) ? shown.replace(/\.?0+$/, '') : shown
  }
  return rows.map(row => row.map(text).join(' | ')).sort()
}
