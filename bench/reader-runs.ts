import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { binlogTool, type TestServer } from '../lib/servers/test-server.js'
import type { BinlogPart } from './binlog-set.js'
import { textOf } from './child-process.js'
import { parseUsage } from './process-usage.js'
import type { Sample } from './sample.js'

/** zongji over a part of the binlog, in a process of its own. Fails when it sees other rows than there are. */
export async function runZongji(server: TestServer, part: BinlogPart): Promise<Sample> {
  const args = [resolve('dist/bench/zongji-reader.js'), String(server.port), part.files[0]!, String(part.rows)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err] = [textOf(child.stdout), textOf(child.stderr)]
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`zongji over "${part.name}": ${err()}`)
  const sample = JSON.parse(out()) as Omit<Sample, 'bytes'>
  if (sample.rows !== part.rows) throw new Error(`zongji saw ${sample.rows} rows of ${part.rows} in "${part.name}"`)
  return { ...sample, bytes: part.bytes }
}

const WATCH_MS = 10

/**
 * mysqlbinlog or mariadb-binlog that copies the files of a part from the server into a folder. Timed by the shell: what a child
 * has used is known there when it has ended; its memory is looked at while it runs.
 */
export async function runBinlogTool(server: TestServer, part: BinlogPart): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-raw-'))
  try {
    const plain = server.kind === 'mysql' ? '--ssl-mode=DISABLED' : '--skip-ssl'
    const from = ['--no-defaults', '--read-from-remote-server', '--host=127.0.0.1', `--port=${server.port}`]
    const args = [...from, '--user=root', plain, '--raw', `--result-file=${folder}/`, ...part.files]
    const command = [...(await binlogTool(server.kind)), ...args]
    const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" 2>&1'
    const child = spawn('bash', ['-c', script, 'bash', ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [out, err] = [textOf(child.stdout), textOf(child.stderr)]
    let peakRssMb = 0
    const watch = setInterval(async () => {
      peakRssMb = Math.max(peakRssMb, await peakOfChild(child.pid!))
    }, WATCH_MS)
    const [code] = await once(child, 'close')
    clearInterval(watch)
    if (code !== 0) throw new Error(`${command.join(' ')}: ${out()}${err()}`)
    const [seconds = 0, user = 0, system = 0] = err().trim().split(/\s+/).map(Number)
    return { rows: part.rows, bytes: part.bytes, cpuSeconds: user + system, seconds, peakRssMb }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** VmHWM of a process's only child; 0 before it is there and when it has gone. */
async function peakOfChild(pid: number): Promise<number> {
  try {
    const [child] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
    return parseUsage('', await readFile(`/proc/${child}/status`, 'utf8')).peakRssMb
  } catch {
    // It comes and goes while it is looked at; the next look tells.
    return 0
  }
}
