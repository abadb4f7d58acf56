import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { readStatusFile } from '../lib/observe/status-file.js'
import { installServer } from '../lib/servers/install.js'
import { startServer, type TestServer } from '../lib/servers/test-server.js'

/**
 * Rows per second of a snapshot against `mariadb-dump --quick --no-create-info` of the same table to a null sink, in turns in one
 * run: `node dist/bench/snapshot.bench.js [rows] [rounds] [copy,run] [count|null]`. `copy`: the batch copy; `run`: the engine with
 * snapshot.mode = "initial". Their sink, in a process of its own, splits bodies and counts rows (count) or only looks for
 * row delimiters (null); its CPU is told too, since it shares the cores. Seconds are from the first
 * to the last row, with their CPU; process starts are left out. Memory is the peak of the whole process. The last line is JSON.
 */

const ROWS = Number(process.argv[2] ?? 1_000_000)
const ROUNDS = Number(process.argv[3] ?? 3)
const WAYS = (process.argv[4] ?? 'copy,run').split(',')
const SINK_MODE = process.argv[5] ?? 'count'
const CLI = resolve('bin/mysql-sr-sync')
const SCHEMA = 'bench'

const TABLES = {
  narrow: {
    columns:
      'id bigint primary key, customer int not null, state tinyint not null, amount decimal(12,2), changed datetime not null',
    row: "seq, seq % 10007, seq % 7, seq / 100, '2024-01-01' + interval seq second",
    rows: ROWS,
  },
  wide: {
    columns: `id bigint primary key, code varchar(64) not null, note varchar(400), body text, amount decimal(18,4), rate double,
      day date, changed datetime(6), tail varchar(200)`,
    row: `seq, concat('code-', seq), repeat('text ', 20 + seq % 20), repeat(concat('żółć "', seq, '"\\n'), 30), seq / 7, seq / 8,
      '2024-01-01' + interval seq % 300 day, '2024-01-01' + interval seq second, if(seq % 4 = 0, null, concat('tail ', seq))`,
    rows: Math.ceil(ROWS / 10),
  },
}
type TableName = keyof typeof TABLES

interface Run {
  /** CPU of the sink meanwhile, in seconds. */
  sinkSeconds?: number
  readonly rows: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly rssMb: number
}

async function fill(server: TestServer): Promise<void> {
  await server.sql(`create database ${SCHEMA} character set utf8mb4`)
  for (const [name, { columns, row, rows }] of Object.entries(TABLES))
    await server.sql([
      `create table ${SCHEMA}.${name} (${columns})`,
      `insert into ${SCHEMA}.${name} select ${row} from ${SCHEMA}.seq_1_to_${rows}`,
      `analyze table ${SCHEMA}.${name}`,
    ])
}

/** Timed by the shell: what a child has used is known there when it has ended. */
async function dump(server: TestServer, program: readonly string[], table: TableName): Promise<Run> {
  const args = [
    '--quick',
    '--no-create-info',
    '--no-tablespaces',
    '-h127.0.0.1',
    `-P${server.port}`,
    '-uroot',
    SCHEMA,
    table,
  ]
  const child = spawn('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" 2>&1 >/dev/null', 'bash', ...program, ...args], {
    stdio: ['ignore', openSync('/dev/null', 'w'), 'pipe'],
  })
  let text = ''
  child.stderr!.on('data', data => {
    text += data
  })
  const [code] = await once(child, 'close')
  const [seconds = 0, user = 0, system = 0] = text.trim().split(/\s+/).map(Number)
  if (code !== 0) throw new Error(`mariadb-dump: ${text}`)
  return { rows: TABLES[table].rows, seconds, cpuSeconds: user + system, rssMb: 0 }
}

interface Sink {
  readonly child: ChildProcess
  readonly fePort: number
  readonly mysqlPort: number
}

async function startSink(): Promise<Sink> {
  const ports = ['--fe-port', '0', '--be-port', '0', '--mysql-port', '0']
  const child = spawn(process.execPath, [CLI, 'sandbox', ...ports, '--mode', SINK_MODE, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  const { fe_port, mysql_port } = JSON.parse(line) as { fe_port: number; mysql_port: number }
  return { child, fePort: fe_port, mysqlPort: mysql_port }
}

async function withConfig<T>(
  server: TestServer,
  sink: Sink,
  table: TableName,
  work: (file: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'snapshot-bench-'))
  const file = join(folder, 'sync.toml')
  await writeFile(
    file,
    `mysql_addr = "127.0.0.1:${server.port}"
mysql_user = "root"
mysql_pass = ""
sr_host = "127.0.0.1"
sr_port = ${sink.mysqlPort}
sr_http_port = ${sink.fePort}
sr_user = "root"
sr_pass = ""
sr_dbname = "${SCHEMA}"
flavor = "mariadb"
server_id = ${1000 + Math.floor(Math.random() * 1e6)}
delivery = "labels"
[snapshot]
mode = "initial"
[[source]]
schema = "${SCHEMA}"
tables = ["${table}"]
[[rule]]
schema = "${SCHEMA}"
table = "${table}"
`,
  )
  try {
    return await work(file, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function copy(server: TestServer, sink: Sink, table: TableName): Promise<Run> {
  return withConfig(server, sink, table, async file => {
    const child = spawn(process.execPath, [resolve('dist/bench/snapshot-copy.js'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', data => {
      text += data
    })
    await once(child, 'close')
    return JSON.parse(text) as Run
  })
}

function engine(server: TestServer, sink: Sink, table: TableName): Promise<Run> {
  return withConfig(server, sink, table, async (file, folder) => {
    const child = spawn(process.execPath, [CLI, 'run', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', data => {
      said += data
    })
    try {
      let begun = 0
      let cpuBefore = 0
      for (;;) {
        if (child.exitCode !== null) throw new Error(said)
        const copying = readStatusFile(join(folder, 'var'))?.status.snapshot?.tables[0]
        if (begun === 0 && copying !== undefined) {
          begun = performance.now()
          cpuBefore = (await usageOf(child.pid!)).cpuSeconds
        }
        if (copying?.state === 'copied') break
        await sleep(20)
      }
      const seconds = (performance.now() - begun) / 1000
      const { cpuSeconds, rssMb } = await usageOf(child.pid!)
      return { rows: TABLES[table].rows, seconds, cpuSeconds: cpuSeconds - cpuBefore, rssMb }
    } finally {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    }
  })
}

/** proc(5): utime and stime are the 14th and 15th field, in hundredths of a second; VmHWM is the peak of the resident set. */
async function usageOf(pid: number): Promise<{ cpuSeconds: number; rssMb: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const peak = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    rssMb: Math.round(Number(peak?.[1] ?? 0) / 1024),
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

function told(runs: readonly Run[], dumps: readonly Run[]) {
  const rate = ({ rows, seconds }: Run) => rows / seconds
  return {
    rowsPerSecond: Math.round(median(runs.map(rate))),
    cpuSecondsPerMillionRows: Number(((median(runs.map(run => run.cpuSeconds / run.rows)) * 1e6) as number).toFixed(2)),
    sinkCpuSecondsPerMillionRows: Number((median(runs.map(run => (run.sinkSeconds ?? 0) / run.rows)) * 1e6).toFixed(2)),
    rssMb: Math.max(...runs.map(({ rssMb }) => rssMb)),
    /** Of each round: neighbours in time, so that what else the machine does strikes both. */
    rateAgainstDump: Number(median(runs.map((run, i) => rate(run) / rate(dumps[i]!))).toFixed(2)),
  }
}

const installed = await installServer('mariadb')
const program = installed.command('usr/bin/mariadb-dump')
const server = await startServer('mariadb')
const sink = await startSink()
const result: Record<string, unknown> = { rows: ROWS, rounds: ROUNDS, sink: SINK_MODE }
try {
  await fill(server)
  for (const table of Object.keys(TABLES) as TableName[]) {
    await dump(server, program, table)
    const runs: Record<string, Run[]> = Object.fromEntries(['dump', ...WAYS].map(way => [way, []]))
    for (let round = 0; round < ROUNDS; round++) {
      runs.dump!.push(await dump(server, program, table))
      for (const way of WAYS) {
        const before = await usageOf(sink.child.pid!)
        const run = await (way === 'copy' ? copy : engine)(server, sink, table)
        run.sinkSeconds = (await usageOf(sink.child.pid!)).cpuSeconds - before.cpuSeconds
        runs[way]!.push(run)
      }
      for (const [way, [...list]] of Object.entries(runs)) {
        const { rows, seconds, cpuSeconds, rssMb, sinkSeconds = 0 } = list.at(-1)!
        console.log(
          `${table} ${way.padEnd(4)} ${Math.round(rows / seconds)} rows/s, CPU ${cpuSeconds.toFixed(2)} s (sink ${sinkSeconds.toFixed(2)} s), ${rssMb} MB`,
        )
      }
    }
    result[table] = Object.fromEntries(Object.entries(runs).map(([way, list]) => [way, told(list, runs.dump!)]))
  }
} finally {
  sink.child.kill('SIGTERM')
  await server.destroy()
}
console.log(JSON.stringify(result))
