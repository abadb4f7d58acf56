import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { lockDataDir, runningProcess } from '../../lib/checkpoint/data-dir.js'
import { identify } from '../../lib/checkpoint/process-identity.js'
import { readStopMark, removeStopMark, writeStopMark } from '../../lib/checkpoint/stop-mark.js'
import { Failure } from '../../lib/model/failure.js'

const HOLDER = fileURLToPath(new URL('../support/lock-holder.js', import.meta.url))
/** Above the kernel's largest pid. */
const NO_PID = 4_194_305

let folder: string
let children: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-dir-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const pidFile = () => join(folder, 'mysql-sr-sync.pid')

async function holder(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [HOLDER, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const [said] = (await once(child.stdout!, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

function refusal(): Failure {
  try {
    lockDataDir(folder)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('the folder was given out twice')
}

describe('the lock', () => {
  test('makes the folder, names the process, and is gone after release', () => {
    const nested = join(folder, 'a/b')
    const lock = lockDataDir(nested)
    expect(readFileSync(join(nested, 'mysql-sr-sync.pid'), 'utf8').split('\n')[0]).toBe(String(process.pid))
    expect(runningProcess(nested)).toMatchObject({ pid: process.pid })
    lock.release()
    expect(readdirSync(nested)).toEqual([])
    expect(runningProcess(nested)).toBeNull()
  })

  test('tells since when, and of a later sign of life', () => {
    const lock = lockDataDir(folder)
    utimesSync(pidFile(), 1, 1)
    expect(runningProcess(folder)!.sinceMs).toBe(1000)
    lock.showLife()
    expect(runningProcess(folder)!.sinceMs).toBeGreaterThan(1000)
    lock.release()
  })

  test('of a process that lives refuses others, naming it; a dead one is followed', async () => {
    const { child, said } = await holder()
    expect(said).toBe('held')
    expect(refusal()).toMatchObject({ kind: 'alreadyRunning', message: `process ${child.pid} uses ${folder}` })
    expect((await holder()).said).toBe('alreadyRunning')
    await ended(child)
    lockDataDir(folder).release()
  })

  test('release leaves the file of another owner', () => {
    const lock = lockDataDir(folder)
    writeFileSync(pidFile(), `${NO_PID}\nx\n`)
    lock.release()
    expect(readdirSync(folder)).toEqual(['mysql-sr-sync.pid'])
  })

  test.each([
    ['a pid that is gone', `${NO_PID}\n1@b\n`],
    ['a pid that another process has now', `${process.ppid}\n1@b\n`],
    ['an empty file', ''],
    ['something else', 'hello\n'],
  ])('%s is taken over', (_, text) => {
    writeFileSync(pidFile(), text)
    expect(runningProcess(folder)).toBeNull()
    lockDataDir(folder).release()
    expect(readdirSync(folder)).toEqual([])
  })

  test('a successor that died half way is succeeded too', () => {
    writeFileSync(pidFile(), `${NO_PID}\n1@b\n`)
    writeFileSync(join(folder, `mysql-sr-sync.pid.after-${NO_PID}-1-b`), `${NO_PID + 1}\n2@b\n`)
    lockDataDir(folder).release()
    expect(readdirSync(folder)).toEqual([])
  })

  test('is not taken over while another process is taking it over', () => {
    const other = identify(process.ppid)!
    writeFileSync(pidFile(), `${NO_PID}\n1@b\n`)
    writeFileSync(join(folder, `mysql-sr-sync.pid.after-${NO_PID}-1-b`), `${other.pid}\n${other.started}\n`)
    expect(refusal()).toMatchObject({ kind: 'alreadyRunning', message: `process ${other.pid} uses ${folder}` })
    expect(readFileSync(pidFile(), 'utf8')).toBe(`${NO_PID}\n1@b\n`)
  })

  test('goes to exactly one of several that take over at once', async () => {
    writeFileSync(pidFile(), `${NO_PID}\n1@b\n`)
    const all = await Promise.all(Array.from({ length: 6 }, holder))
    expect(all.map(({ said }) => said).sort()).toEqual(['held', ...Array(5).fill('alreadyRunning')].sort())
  })

  test('a folder that cannot be made is a clear failure', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => lockDataDir(join(folder, 'file/var'))).toThrow(/data_dir cannot be used: .*file\/var/)
  })
})

test('a zombie does not live', async () => {
  // The shell's background child ends when it is let to: after the shell became a program that does not collect it.
  const child = spawn('sh', ['-c', 'read _ <&3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  })
  children.push(child)
  const [pid] = (await once(child.stdout!, 'data')) as [Buffer]
  while (readFileSync(`/proc/${child.pid}/comm`, 'utf8') !== 'sleep\n') await new Promise(setImmediate)
  ;(child.stdio[3] as Writable).end('\n')
  while (!/\) Z /.test(readFileSync(`/proc/${Number(pid)}/stat`, 'utf8'))) await new Promise(setImmediate)
  expect(identify(Number(pid))).toBeNull()
  expect(identify(child.pid!)).toMatchObject({ pid: child.pid })
})

describe('the stop mark', () => {
  test('is kept whole and removed', () => {
    expect(readStopMark(folder)).toBeNull()
    const mark = { by: 'failure', atMs: 5, kind: 'rowRejected', message: 'm', advice: 'a', exitCode: 8 } as const
    writeStopMark(folder, mark)
    expect(readStopMark(folder)).toEqual(mark)
    removeStopMark(folder)
    removeStopMark(folder)
    expect(readdirSync(folder)).toEqual([])
  })

  test('made by hand counts as an operator stop', () => {
    writeFileSync(join(folder, 'stopped'), '')
    expect(readStopMark(folder)).toEqual({ by: 'operator', atMs: 0 })
  })
})
