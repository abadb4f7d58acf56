import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import type { ParserChoice } from '../lib/sandbox/body-staging.js'
import { readCreateTable } from '../lib/sandbox/create-table-parser.js'
import { type Sandbox, startSandbox } from '../lib/sandbox/sandbox.js'
import { defineTable } from '../lib/sandbox/table-rules.js'
import { createDatabase, createTable } from '../lib/sandbox/table-storage.js'
import { TokenReader } from '../lib/sandbox/token-reader.js'
import { randomFrom } from '../test/support/binlog-builder.js'

/**
 * What one Stream Load into the sandbox's BE costs: `node dist/bench/sandbox-load.bench.js [seconds per case] [memory]`.
 * Mixed upserts (78 % of known keys, 12 % new) and deletes (10 %) into primary key tables of ten columns; the client is in
 * the same process. `stall` is the longest time the event loop of that process stood still.
 */

const seconds = Number(process.argv[2] ?? 3)
const TABLE_ROWS = [10_000, 500_000]
const LOAD_ROWS = [1, 100, 5_000]
const AUTHORIZATION = `Basic ${Buffer.from('root:').toString('base64')}`
const DDL = `(id BIGINT NOT NULL, customer INT NOT NULL, code VARCHAR(64) NOT NULL, note VARCHAR(400), amount DECIMAL(18,4) NOT NULL,
  state TINYINT NOT NULL, changed DATETIME NOT NULL, day DATE, rate DOUBLE, tail VARCHAR(200)) PRIMARY KEY (id) DISTRIBUTED BY HASH (id)`
const COLUMNS = 'id,customer,code,note,amount,state,changed,day,rate,tail,__op'
const random = randomFrom(11)

function row(id: number, op: 0 | 1): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `2024-${two(1 + random(12))}-${two(1 + random(28))}`
  const time = `${day} ${two(random(24))}:${two(random(60))}:${two(random(60))}.${100_000 + random(899_999)}`
  const tail = random(4) === 0 ? '\\N' : `żółć ${'x'.repeat(random(30))}`
  return `${id}\x01${random(1e6)}\x01code-${random(1e6)}\x01${'text '.repeat(8)}\x01${random(1e6)}.${1000 + random(9000)}\x01${random(100)}\x01${time}\x01${day}\x01${random(1e6) / 8}\x01${tail}\x01${op}\x02`
}

function mixedBody(rows: number, tableRows: number): Buffer {
  const lines: string[] = []
  for (let i = 0; i < rows; i++) {
    const dice = random(100)
    const id = dice < 12 ? tableRows + random(1e9) : random(tableRows)
    lines.push(row(id, dice >= 90 ? 1 : 0))
  }
  return Buffer.from(lines.join(''))
}

let labels = 0

async function load(sandbox: Sandbox, table: string, body: Buffer): Promise<void> {
  const answer = await request(`http://127.0.0.1:${sandbox.beHttpPort}/api/bench/${table}/_stream_load`, {
    method: 'PUT',
    headers: {
      authorization: AUTHORIZATION,
      label: `bench-${labels++}`,
      columns: COLUMNS,
      column_separator: '\\x01',
      row_delimiter: '\\x02',
      strict_mode: 'true',
      max_filter_ratio: '0',
    },
    body,
  })
  const reply = (await answer.body.json()) as { Status: string; Message: string }
  if (reply.Status !== 'Success') throw new Error(`${table}: ${reply.Message}`)
}

/** Runs `work` and reports the longest time a 5 ms timer was late by, in ms. */
async function stallOf(work: () => Promise<void>): Promise<number> {
  let last = performance.now()
  let stall = 0
  const timer = setInterval(() => {
    const now = performance.now()
    stall = Math.max(stall, now - last - 5)
    last = now
  }, 5)
  await work()
  stall = Math.max(stall, performance.now() - last - 5)
  clearInterval(timer)
  return stall
}

async function measure(name: string, bodies: readonly Buffer[], rows: number, send: (body: Buffer) => Promise<void>) {
  for (const body of bodies.slice(0, 3)) await send(body)
  const times: number[] = []
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const stall = await stallOf(async () => {
    for (let i = 0; performance.now() - begun < seconds * 1000; i++) {
      const from = performance.now()
      await send(bodies[i % bodies.length]!)
      times.push(performance.now() - from)
    }
  })
  const elapsedMs = performance.now() - begun
  const used = process.cpuUsage(cpu)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(1)
  const cpuMs = ((used.user + used.system) / 1000 / times.length).toFixed(1)
  const rate = Math.round((rows * times.length * 1000) / elapsedMs).toLocaleString('en')
  console.log(
    `${name.padEnd(38)} p50 ${at(0.5).padStart(7)} ms  p95 ${at(0.95).padStart(7)} ms  CPU ${cpuMs.padStart(7)} ms  ${rate.padStart(9)} rows/s  stall ${stall.toFixed(0).padStart(5)} ms`,
  )
}

async function withSandbox(parser: ParserChoice, work: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const folder = process.argv[3] === 'memory' ? null : await mkdtemp(join(tmpdir(), 'sandbox-bench-'))
  const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
  const sandbox = await startSandbox({ ...ports, dataDir: folder, user: 'root', password: '', parser })
  try {
    await createDatabase(sandbox.store, 'bench')
    for (let i = 0; i < 5; i++) {
      const statement = readCreateTable(new TokenReader(`bench.t${i} ${DDL}`), false)
      await createTable(sandbox.store, defineTable(statement, 'bench', 1))
    }
    await work(sandbox)
  } finally {
    await sandbox.close()
    if (folder !== null) await rm(folder, { recursive: true, force: true })
  }
}

async function fill(sandbox: Sandbox, table: string, rows: number): Promise<void> {
  for (let from = 0; from < rows; from += 100_000) {
    const count = Math.min(100_000, rows - from)
    await load(sandbox, table, Buffer.from(Array.from({ length: count }, (_, i) => row(from + i, 0)).join('')))
  }
}

for (const tableRows of TABLE_ROWS) {
  await withSandbox('auto', async sandbox => {
    for (let i = 0; i < (tableRows > 100_000 ? 1 : 5); i++) await fill(sandbox, `t${i}`, tableRows)
    for (const rows of LOAD_ROWS) {
      const bodies = Array.from({ length: rows > 1_000 ? 8 : 50 }, () => mixedBody(rows, tableRows))
      await measure(`${rows} rows into ${tableRows}`, bodies, rows, body => load(sandbox, 't0', body))
      if (tableRows > 100_000) continue
      await measure(`${rows} rows into each of 5 tables at once`, bodies, 5 * rows, async body => {
        await Promise.all([0, 1, 2, 3, 4].map(i => load(sandbox, `t${i}`, body)))
      })
    }
  })
}
await withSandbox('exact', async sandbox => {
  const body = mixedBody(100_000, 1e6)
  await measure('100000 rows, exact parser', [body], 100_000, body => load(sandbox, 't0', body))
})
