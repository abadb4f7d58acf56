import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { runningProcess } from '../../lib/checkpoint/data-dir.js'
import { lives } from '../../lib/checkpoint/process-identity.js'
import { readStatusFile } from '../../lib/observe/status-file.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const STUB = fileURLToPath(new URL('../support/stub-engine.js', import.meta.url))

/** A folder as an operator has it: the scripts, bin/, dist/ and a sync.toml. */
let home: string
let elsewhere: string
beforeEach(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'scripts-'))
  home = join(elsewhere, 'home with blank')
  mkdirSync(home)
  for (const name of ['start.sh', 'stop.sh', 'monitor_process.sh', 'bin', 'package.json']) {
    cpSync(join(ROOT, name), join(home, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'dist'), join(home, 'dist'))
  writeFileSync(
    join(home, 'sync.toml'),
    'mysql_addr = "db"\nmysql_user = "u"\nsr_host = "fe"\nsr_user = "r"\nsr_dbname = "d"\n[[source]]\nschema = "s"\ntables = ["t"]\n',
  )
})
afterEach(() => {
  const left = engine()
  if (left !== null) process.kill(left.pid, 'SIGKILL')
  rmSync(elsewhere, { recursive: true, force: true })
})

const dataDir = () => join(home, 'var')
const engine = () => runningProcess(dataDir())
const mode = (name: string) => writeFileSync(join(home, 'mode'), name)
const log = () => readFileSync(join(home, 'sync.log'), 'utf8')

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a script of the folder from another one, with an empty environment but for the stand-in engine. */
function script(path: string, ...args: string[]): Promise<Outcome> {
  const child = spawn(path, args, {
    cwd: elsewhere,
    env: { MYSQL_SR_SYNC_ENGINE: STUB },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', data => {
    out += data
  })
  child.stderr.on('data', data => {
    err += data
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ code, out, err }))
  })
}
const start = (...args: string[]) => script(join(home, 'start.sh'), ...args)
const stop = (...args: string[]) => script(join(home, 'stop.sh'), ...args)
const monitor = (...args: string[]) => script(join(home, 'monitor_process.sh'), ...args)
const silent = { code: 0, out: '', err: '' }

describe('start.sh', () => {
  test('starts once, through a symbolic link too, and stop.sh stops it', async () => {
    symlinkSync(join(home, 'start.sh'), join(elsewhere, 'absolute'))
    symlinkSync('absolute', join(elsewhere, 'relative'))
    const started = await script(join(elsewhere, 'relative'))
    const pid = engine()!.pid
    expect(started).toEqual({
      code: 0,
      out: `streaming: pid ${pid}, MySQL 9.7.0, position mysql-bin.000005:4\n`,
      err: '',
    })
    expect(await start()).toMatchObject({ code: 3, err: expect.stringContaining(`runs already: pid ${pid}\n`) })
    expect(await stop()).toEqual({ code: 0, out: `stopped: pid ${pid}, position mysql-bin.000005:800\n`, err: '' })
    expect(engine()).toBeNull()
    expect(await stop()).toEqual({ code: 0, out: 'not running\n', err: '' })
  })

  test('tells why it failed, with the exit code of the failure', async () => {
    mode('refuse')
    const { code, err } = await start()
    expect(code).toBe(4)
    expect(err).toMatch(/^failed: Access denied for user sync\nCheck mysql_user and mysql_pass/)
    expect(log()).toContain('Access denied for user sync')
  })

  test('tells what it waits for when the time is over', async () => {
    mode('retry')
    const { code, err } = await start('--timeout', '0.5')
    expect(code).toBe(1)
    expect(err).toContain(`running, but not streaming yet: pid ${engine()!.pid}`)
    expect(err).toContain('connect ECONNREFUSED')
  })

  test('shows what is wrong with the configuration and starts nothing', async () => {
    writeFileSync(join(home, 'other.toml'), 'zebra = 1\n')
    const { code, err } = await start('-c', join(home, 'other.toml'))
    expect(code).toBe(2)
    expect(err).toContain('other.toml:1:1: unknown key zebra')
    expect(existsSync(dataDir())).toBe(false)
  })

  test('may follow a stop and a failure', async () => {
    mode('refuse')
    await start()
    mode('stream')
    expect(await start()).toMatchObject({ code: 0 })
    await stop()
    expect(await start()).toMatchObject({ code: 0 })
    expect(existsSync(join(dataDir(), 'stopped'))).toBe(false)
  })
})

describe('stop.sh', () => {
  test('kills what does not end in time, and says so', async () => {
    mode('deaf')
    await start()
    const target = engine()!
    const { code, err } = await stop('--timeout', '0.3')
    expect(code).toBe(0)
    expect(err).toContain(`pid ${target.pid} has not ended within 0.3 s: killing it`)
    expect(lives(target)).toBe(false)
  })

  test('works whatever else is wrong with the configuration by now', async () => {
    await start()
    writeFileSync(join(home, 'sync.toml'), 'mysql_pass = "${NOT_SET_HERE}"\nzebra = 1\n')
    expect(await stop()).toMatchObject({ code: 0, out: expect.stringContaining('stopped: pid') })
  })
})

describe('monitor_process.sh', () => {
  test('is silent while all is well and after a stop', async () => {
    await start()
    const { pid } = engine()!
    expect(await monitor()).toEqual(silent)
    expect(engine()!.pid).toBe(pid)
    await stop()
    expect(await monitor()).toEqual(silent)
    expect(engine()).toBeNull()
  })

  test('starts again what died, and says so in the log', async () => {
    await start()
    const before = engine()!
    process.kill(before.pid, 'SIGKILL')
    while (lives(before)) await new Promise(setImmediate)
    const { code, err } = await monitor()
    expect(code).toBe(0)
    expect(err).toBe('not running: starting it\n')
    expect(engine()!.pid).not.toBe(before.pid)
    expect(log()).toContain('WARN  monitor: not running: starting it')
  })

  test('ends what hangs and starts anew', async () => {
    await start()
    const before = engine()!
    process.kill(before.pid, 'SIGSTOP')
    while (Date.now() - readStatusFile(dataDir())!.aliveAtMs < 1000)
      await new Promise(resolve => setTimeout(resolve, 50))
    const { code, err } = await monitor('--stall-after', '1')
    expect(code).toBe(0)
    expect(err).toContain(`pid ${before.pid} has shown no life for`)
    expect(lives(before)).toBe(false)
    expect(engine()!.pid).not.toBe(before.pid)
  })

  test('leaves alone what failed for good, and tells the reason once', async () => {
    mode('refuse')
    await start()
    const { code, err } = await monitor()
    expect(code).toBe(4)
    expect(err).toContain('failed and left alone: Access denied for user sync')
    expect(await monitor()).toEqual(silent)
  })

  test('does not start for ever, minute by minute, what dies without progress; start.sh begins anew', async () => {
    mode('stream')
    await start()
    const first = engine()!
    process.kill(first.pid, 'SIGKILL')
    while (lives(first)) await new Promise(setImmediate)
    mode('crash')
    for (let round = 1; round <= 5; round++) {
      expect(await monitor()).toMatchObject({ code: 128, err: expect.stringContaining('killed by SIGKILL') })
    }
    const { code, err } = await monitor()
    expect(code).toBe(1)
    expect(err).toMatch(
      /^5 starts in a row brought no progress \(the last one: killed by SIGKILL\): waiting until 20\S+Z, then longer and longer, up to an hour\nLook at /,
    )
    expect(log()).toContain('WARN  monitor: 5 starts in a row brought no progress')
    expect(await monitor()).toEqual(silent)
    await start()
    expect(await monitor()).toMatchObject({ code: 128 })
  })

  test('goes on starting what dies but comes further each time', async () => {
    mode('drop')
    for (let round = 1; round <= 7; round++) expect(await monitor()).toMatchObject({ code: 128 })
  })

  test('two at once start one', async () => {
    const both = await Promise.all([monitor(), monitor()])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(readStatusFile(dataDir())!.status.pid).toBe(engine()!.pid)
  })
})

describe('node', () => {
  test('is the one that built the folder, first of all', async () => {
    rmSync(join(home, 'dist'))
    mkdirSync(join(home, 'dist'))
    writeFileSync(join(elsewhere, 'my-node'), '#!/bin/sh\necho "my-node $*"\n', { mode: 0o755 })
    writeFileSync(join(home, 'dist/node-path'), `${join(elsewhere, 'my-node')}\n`)
    const toml = join(home, 'sync.toml')
    const program = join(home, 'bin/mysql-sr-sync')
    expect((await start('--timeout', '5')).out).toBe(`my-node ${program} start -c ${toml} --timeout 5\n`)
    expect((await monitor('-c', 'x y.toml')).out).toBe(`my-node ${program} monitor -c x y.toml\n`)
  })

  test('finds no dist/: says what to do', async () => {
    rmSync(join(home, 'dist'))
    mkdirSync(join(home, 'dist'))
    writeFileSync(join(home, 'dist/node-path'), `${process.execPath}\n`)
    expect(await start()).toEqual({ code: 2, out: '', err: 'dist/ is missing: run `npm ci`\n' })
  })
})
