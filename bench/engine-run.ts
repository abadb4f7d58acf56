import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { comparePositions } from '../lib/model/position.js'
import type { Status } from '../lib/observe/status.js'
import { readStatusFile } from '../lib/observe/status-file.js'
import type { TestServer } from '../lib/servers/test-server.js'
import { type BinlogPart, FIRST_OFFSET } from './binlog-set.js'
import { CLI, CLI_MODULES, endProcess, textOf } from './child-process.js'
import { usageOf } from './process-usage.js'
import type { Sample } from './sample.js'
import { SCHEMA } from './shapes.js'
import type { SinkProcess } from './sink-process.js'

export type Delivery = 'labels' | 'atomic'

export interface EngineWish {
  readonly delivery: Delivery
  /** true: nothing is read, it begins at the end; what is measured is the start of the process. */
  readonly atEnd?: boolean
  /** Folder for a CPU profile of the run. */
  readonly profileDir?: string
  /** Further top-level lines of sync.toml. */
  readonly settings?: string
}

const POLL_MS = 20

/** The settings of an engine that follows these tables, all else by default but TLS, which the other readers go without too. */
export function engineSettings(
  server: TestServer,
  sink: SinkProcess,
  tables: readonly string[],
  { delivery, settings = '' }: EngineWish,
): string {
  return `mysql_addr = "127.0.0.1:${server.port}"
mysql_user = "root"
mysql_ssl = "disabled"
flavor = "${server.kind}"
server_id = ${2000 + Math.floor(Math.random() * 1e6)}
sr_host = "127.0.0.1"
sr_port = ${sink.mysqlPort}
sr_http_port = ${sink.httpPort}
sr_user = "root"
sr_dbname = "${SCHEMA}"
delivery = "${delivery}"
${settings}
[[source]]
schema = "${SCHEMA}"
tables = ${JSON.stringify(tables)}
[[rule]]
schema = "${SCHEMA}"
table = "/./"
`
}

/**
 * One run of the whole engine, by its command line, over a part of the binlog: from the part's beginning until its status says
 * that everything up to its end is durable. Fails when the engine ends before that, or counted other rows than there are.
 */
export async function runEngine(
  server: TestServer,
  sink: SinkProcess,
  part: BinlogPart,
  wish: EngineWish,
): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-engine-'))
  const dataDir = join(folder, 'var')
  const config = join(folder, 'sync.toml')
  try {
    await mkdir(dataDir)
    const begin = wish.atEnd === true ? part.end : { binName: part.files[0]!, binPos: FIRST_OFFSET }
    await writeFile(join(dataDir, 'master.info'), `bin_name = "${begin.binName}"\nbin_pos = ${begin.binPos}\n`)
    await writeFile(config, engineSettings(server, sink, part.tables, wish))
    const { profileDir } = wish
    const program = profileDir === undefined ? [CLI] : ['--cpu-prof', '--cpu-prof-dir', profileDir, CLI_MODULES]
    const sinkBefore = await sink.usage()
    const startedMs = performance.now()
    const child = spawn(process.execPath, [...program, 'run', '-c', config], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [out, err] = [textOf(child.stdout), textOf(child.stderr)]
    try {
      for (;;) {
        const status = readStatusFile(dataDir)?.status
        if (status !== undefined && isBehind(status, part)) {
          const seconds = (performance.now() - startedMs) / 1000
          const { cpuSeconds, peakRssMb } = await usageOf(child.pid!)
          const sinkCpuSeconds = (await sink.usage()).cpuSeconds - sinkBefore.cpuSeconds
          const rows = wish.atEnd === true ? 0 : part.rows
          checkRows(status, rows, part.name)
          const bytes = wish.atEnd === true ? 0 : part.bytes
          const sentBytes = Object.values(status.targets).reduce((sum, target) => sum + target.bytes, 0)
          return { rows, bytes, cpuSeconds, seconds, peakRssMb, sinkCpuSeconds, sentBytes }
        }
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the engine ended over "${part.name}":\n${out()}${err()}`)
        await sleep(POLL_MS)
      }
    } finally {
      await endProcess(child)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function isBehind(status: Status, part: BinlogPart): boolean {
  const { state, position } = status
  return state === 'streaming' && position !== null && comparePositions(position, part.end) >= 0
}

/** A benchmark that has not read everything says nothing: what it decoded and loaded must be what was made. */
function checkRows(status: Status, rows: number, name: string): void {
  const accounts = Object.values(status.tables).flatMap(targets => Object.values(targets))
  const sum = (of: 'decoded' | 'loaded' | 'collapsed') => accounts.reduce((all, account) => all + account[of], 0)
  const [decoded, ended] = [sum('decoded'), sum('loaded') + sum('collapsed')]
  if (decoded !== rows || ended !== rows)
    throw new Error(`"${name}" has ${rows} row changes; the engine decoded ${decoded} and ended ${ended}`)
}
