import { readFile, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { runningProcess } from '../../lib/checkpoint/data-dir.js'
import { lives } from '../../lib/checkpoint/process-identity.js'
import { execute, type Outcome } from '../support/engine.js'
import { SyncBench } from '../support/sync-bench.js'

// Its binlog is purged: what other tests read of a server stays.
let bench: SyncBench

beforeAll(async () => {
  bench = await SyncBench.own('mysql', {}, { folder: 'drei Uhr früh ' })
})
afterAll(() => bench?.close())

beforeEach(async () => {
  await bench.renew()
  await bench.server.sql([
    `create table ${bench.schema}.t (id int primary key)`,
    `insert into ${bench.schema}.t values (1)`,
  ])
  await configure()
})
afterEach(async () => {
  bench.sandbox.faults.clear()
  await script('stop.sh', '--timeout', '0')
  await bench.endEngine()
})

function configure(top: Record<string, string | number> = {}): Promise<void> {
  return bench.configure({ top: { server_id: 4711, ...top } })
}

/** A script of this checkout as cron runs it: from another folder, without any variable. */
function script(name: string, ...args: string[]): Promise<Outcome> {
  return execute('/usr/bin/env', ['-i', resolve(name), '-c', bench.engine.configFile, ...args], { cwd: tmpdir() })
}
const start = (...args: string[]) => script('start.sh', ...args)
const stop = (...args: string[]) => script('stop.sh', ...args)
const monitor = (...args: string[]) => script('monitor_process.sh', ...args)
const silent = { code: 0, stdout: '', stderr: '' }

const dataDir = () => join(bench.engine.folder, 'var')
const running = () => runningProcess(dataDir())
const log = () => readFile(join(bench.engine.folder, 'sync.log'), 'utf8')

async function ids(): Promise<number[]> {
  expect(await bench.engine.cli('wait', '--timeout', '30')).toMatchObject({ code: 0, stderr: '' })
  return (await bench.target(`select id from ${bench.schema}.t order by id`)).map(row => row.id)
}

/** Sets the last sign of life to that long ago. */
async function ageLiveness(ms: number): Promise<void> {
  const file = join(dataDir(), 'status.json')
  const status = JSON.parse(await readFile(file, 'utf8'))
  const then = new Date(Date.now() - ms)
  await writeFile(file, JSON.stringify({ ...status, alive_at_ms: then.getTime() }))
  await utimes(file, then, then)
  await utimes(join(dataDir(), 'mysql-sr-sync.pid'), then, then)
}

describe('start.sh and stop.sh', () => {
  test('start, stream, refuse a second start, stop with the position saved', async () => {
    const started = await start()
    const { pid } = running()!
    expect(started).toMatchObject({ code: 0, stderr: '' })
    expect(started.stdout).toMatch(new RegExp(`^streaming: pid ${pid}, MySQL [\\d.-]+, position \\w+\\.\\d+:\\d+\n$`))
    expect(await start()).toEqual({
      code: 3,
      stdout: '',
      stderr: `runs already: pid ${pid}\nStop it first with ./stop.sh.\n`,
    })
    expect(await ids()).toEqual([1])
    await bench.server.sql(`insert into ${bench.schema}.t values (2)`)
    expect(await ids()).toEqual([1, 2])

    const stopped = await stop()
    expect(stopped).toMatchObject({ code: 0, stderr: '' })
    const [, file, offset] = /^stopped: pid \d+, position (\w+\.\d+):(\d+)\n$/.exec(stopped.stdout)!
    expect(await bench.engine.position()).toContain(`bin_name = "${file}"\nbin_pos = ${offset}\n`)
    expect(await log()).toContain(`INFO  stopped position=${file}:${offset}\n`)
    expect(running()).toBeNull()
    expect(await monitor()).toEqual(silent)
    expect(running()).toBeNull()

    await bench.server.sql(`insert into ${bench.schema}.t values (3)`)
    await start()
    expect(await ids()).toEqual([1, 2, 3])
  }, 120_000)

  test('a permanent failure: the reason, the remedy and its exit code; the monitor tells it once and leaves it', async () => {
    await start()
    await ids()
    await stop()
    await bench.server.sql(['flush binary logs', 'flush binary logs'])
    const newest = (await bench.server.sql('show binary logs')).at(-1)!.Log_name
    await bench.server.sql(`purge binary logs to '${newest}'`)

    const { code, stderr } = await start()
    expect(code).toBe(5)
    expect(stderr).toMatch(
      /^failed: Binlog file \w+\.\d+ is not on the server \(it has .+\)\.\nThe binlog at this position is gone/,
    )
    expect(await monitor()).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/^failed and left alone: Bin/),
    })
    expect(await monitor()).toEqual(silent)
    expect(running()).toBeNull()
    expect(await bench.engine.cli('status')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('\nto do: The binlog'),
    })
    expect(await log()).toMatch(/ ERROR Binlog file .+ kind=positionLost .*-> The binlog at this position is gone/)
  }, 120_000)

  test('StarRocks is away: start says so and goes on trying, stop ends all the same', async () => {
    await configure({ sr_port: 1, sr_http_port: 1 })
    const { code, stderr } = await start('--timeout', '1')
    expect(code).toBe(1)
    expect(stderr).toContain(`running, but not streaming yet: pid ${running()!.pid}; it goes on trying`)
    while (!(await bench.engine.cli('status')).stdout.includes('ECONNREFUSED')) expect(running()).not.toBeNull()
    expect((await bench.engine.cli('status')).stdout).toMatch(
      /\nlast error .+ECONNREFUSED.+\nto do +Check sr_host, sr_port/,
    )
    expect(await monitor()).toEqual(silent)
    expect(await stop()).toMatchObject({ code: 0, stderr: '' })
  }, 120_000)

  test('a load that StarRocks does not take: stop waits a bounded time, says for what, and loses nothing', async () => {
    await start()
    expect(await ids()).toEqual([1])
    bench.sandbox.faults.set({ noBackendAlive: true })
    await bench.server.sql(`insert into ${bench.schema}.t values (2)`)
    while (!(await log()).includes(' retry_in_ms=')) await new Promise(resolve => setTimeout(resolve, 50))
    const { pid } = running()!
    const { code, stderr } = await stop('--timeout', '4')
    expect(code).toBe(0)
    expect(stderr).toContain(`pid ${pid} is still loading what it has read; it is killed 4 s after the signal`)
    expect(stderr).toContain(`pid ${pid} has not ended within 4 s: killing it`)
    bench.sandbox.faults.clear()
    await start()
    expect(await ids()).toEqual([1, 2])
  }, 120_000)

  test('sync.toml is broken by now: status, monitor and stop work, a start shows what is wrong', async () => {
    await start()
    const { pid } = running()!
    await writeFile(bench.engine.configFile, `${await readFile(bench.engine.configFile, 'utf8')}\nzebra = [\n`)
    expect(await bench.engine.cli('status')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^state +streaming since/),
    })
    expect(await monitor()).toEqual(silent)
    expect(await stop()).toMatchObject({ code: 0, stdout: expect.stringContaining(`stopped: pid ${pid}, position`) })
    expect(await start()).toMatchObject({ code: 2, stderr: expect.stringContaining('not TOML') })
  }, 120_000)

  test('a hang-up and a reader that goes away change nothing; a second Ctrl-C ends at once', async () => {
    const child = await execute(
      '/bin/sh',
      ['-c', `"${resolve('bin/mysql-sr-sync')}" run -c "${bench.engine.configFile}" 2>&1 | head -n 1 & echo`],
      {},
    )
    expect(child.code).toBe(0)
    while (running() === null) await new Promise(resolve => setTimeout(resolve, 50))
    const { pid } = running()!
    expect(await ids()).toEqual([1])
    process.kill(pid, 'SIGHUP')
    await bench.server.sql(`insert into ${bench.schema}.t values (2)`)
    expect(await ids()).toEqual([1, 2])
    expect(running()!.pid).toBe(pid)
    expect(await log()).toContain('SIGHUP: nothing has changed')

    bench.sandbox.faults.set({ holdAnswer: true })
    await bench.server.sql(`insert into ${bench.schema}.t values (3)`)
    while (bench.sandbox.faults.struck('holdAnswer') === 0) await new Promise(resolve => setTimeout(resolve, 20))
    const target = running()!
    process.kill(pid, 'SIGINT')
    while (!(await log()).includes('SIGINT: loads what was read')) await new Promise(resolve => setTimeout(resolve, 20))
    process.kill(pid, 'SIGINT')
    while (lives(target)) await new Promise(resolve => setTimeout(resolve, 20))
    expect(await log()).toMatch(/WARN {2}SIGINT again: ends at once -> What was not durable/)
    expect(running()).toBeNull()
  }, 120_000)
})

describe('monitor_process.sh', () => {
  test('restarts what was killed and what is stalled, and no row is lost', async () => {
    await start()
    expect(await monitor()).toEqual(silent)
    const first = running()!
    process.kill(first.pid, 'SIGKILL')
    while (lives(first)) await new Promise(setImmediate)
    await bench.server.sql(`insert into ${bench.schema}.t values (2)`)
    const restarted = await monitor()
    expect(restarted).toMatchObject({ code: 0, stderr: 'not running: starting it\n' })
    expect(restarted.stdout).toMatch(/^streaming: pid \d+/)
    expect(await ids()).toEqual([1, 2])

    const second = running()!
    process.kill(second.pid, 'SIGSTOP')
    await ageLiveness(50_000)
    expect(await monitor()).toEqual(silent)
    await ageLiveness(70_000)
    await bench.server.sql(`insert into ${bench.schema}.t values (3)`)
    const { code, stderr } = await monitor()
    expect(code).toBe(0)
    expect(stderr).toMatch(new RegExp(`^pid ${second.pid} has shown no life for \\d+ s: ending it and starting anew\n`))
    expect(lives(second)).toBe(false)
    expect(await ids()).toEqual([1, 2, 3])
    expect(await monitor()).toEqual(silent)
    expect(await log()).toMatch(
      /WARN {2}monitor: not running: starting it\n[\s\S]+WARN {2}monitor: pid \d+ has shown no life/,
    )
  }, 120_000)
})
