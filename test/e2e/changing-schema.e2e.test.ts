import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ChangingTables } from '../support/changing-tables.js'
import { Random } from '../support/random.js'
import { SyncBench } from '../support/sync-bench.js'

const SEED = Number(process.env.SEED ?? 20_261_121)
const STATEMENTS = Number(process.env.STATEMENTS ?? 120)
const METADATA = { mysql: ['MINIMAL', 'FULL'], mariadb: ['NO_LOG', 'FULL'] } as const

describe.each(['mysql', 'mariadb'] as const)('tables of %s that change under way', kind => {
  let bench: SyncBench

  beforeAll(async () => {
    bench = await SyncBench.shared(kind)
  })
  afterAll(() => bench?.close())
  beforeEach(async () => {
    await bench.renew()
    await bench.configure()
  })

  /** `before`: statements that are over when the reader starts; the rest runs while it reads. Each has a history of its own. */
  test.each(
    METADATA[kind].flatMap(
      metadata =>
        [
          [metadata, 'from the first statement on', 0],
          [metadata, 'behind half of it', STATEMENTS / 2],
          [metadata, 'behind all of it', STATEMENTS],
        ] as const,
    ),
  )(
    `%s metadata, read %s: target = source (SEED=${SEED})`,
    async (metadata, _, before) => {
      const history = new ChangingTables(new Random(SEED + before))
      const random = new Random(SEED + before + 1)
      const connection = await bench.server.connect({ database: bench.schema })
      const said: string[] = []
      try {
        await connection.query(`set global binlog_row_metadata = '${metadata}'`)
        await connection.query(`set sql_mode = ''`)
        await connection.query('flush binary logs')
        await startHere()
        for (let n = 0; n < STATEMENTS; n++) {
          if (n === before) bench.engine.start()
          else if (n > before && random.chance(0.02)) await killAndStart(random.below(300))
          const statement = history.next()
          said.push(statement)
          await connection.query(statement)
        }
        if (!bench.engine.alive) bench.engine.start()
        const { schema } = bench
        const tables = history.tables.map(({ name, key }) => ({
          source: { schema, table: name },
          target: { database: schema, table: name },
          key,
        }))
        const wrong = await bench.differences(...tables)
        if (wrong.length > 0) console.log(said.join(';\n'))
        expect(wrong).toEqual([])
      } finally {
        await connection.query(`set global binlog_row_metadata = default`)
        connection.destroy()
      }
    },
    120_000,
  )

  /** So long after it began to read: often in the middle of what a statement asks of the targets. */
  async function killAndStart(afterMs: number): Promise<void> {
    while (bench.engine.alive && !bench.engine.output.includes(' connected ')) await sleep(10)
    await sleep(afterMs)
    await bench.engine.stop('SIGKILL')
    bench.engine.start()
  }

  /** So that the reader meets this history alone, and not those of other tests. */
  async function startHere(): Promise<void> {
    const files = await bench.server.sql('show binary logs')
    await bench.engine.startAt(String(files.at(-1)!.Log_name), 4)
  }
})
