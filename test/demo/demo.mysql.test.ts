import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, jest, test } from '@jest/globals'

// The first run downloads and unpacks the servers.
const INSTALL_MS = 300_000
jest.setTimeout(INSTALL_MS)
const SCRIPT = fileURLToPath(new URL('../support/demo-with-stand-in.js', import.meta.url))

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** What is left in the folder for temporary files. */
  readonly left: string[]
}

/** Runs the demo with a folder for temporary files of its own; `during` sees standard error as it grows. */
async function demo(
  args: string[],
  env: Record<string, string> = {},
  during?: (stderr: string, pid: number) => void,
): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-test-'))
  try {
    const child = spawn(process.execPath, [SCRIPT, ...args], {
      env: { ...process.env, ...env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => {
      stdout += String(chunk)
    })
    child.stderr.on('data', chunk => {
      stderr += String(chunk)
      during?.(stderr, child.pid!)
    })
    const status = await new Promise<number | null>(resolve => child.on('close', resolve))
    return { status, stdout, stderr, left: await readdir(folder) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('a faithful sync ends identical: status 0, one line of JSON, nothing left behind', async () => {
  const ended = await demo(['--seconds', '3', '--rate', '600', '--json'])
  expect(ended).toMatchObject({ status: 0, left: [] })
  expect(ended.stdout.trim().split('\n')).toHaveLength(1)
  const verdict = JSON.parse(ended.stdout)
  expect(Object.keys(verdict.tables)).toEqual(['customers', 'orders', 'order_lines', 'payments', 'pulse'])
  expect(verdict).toMatchObject({ identical: true, tables: { pulse: { source: 1, target: 1, differs: 0 } } })
  expect(verdict.tables.orders.source).toBeGreaterThan(0)
  expect(verdict.rows).toBeGreaterThan(verdict.tables.orders.source)
  expect(verdict.freshness_p99_ms).toBeGreaterThanOrEqual(verdict.freshness_p50_ms)
  expect(ended.stderr).toContain('IDENTICAL')
})

test('one value that differs is found and named: status 1', async () => {
  const SPOIL = "update shop.customers set notes = concat(coalesce(notes, ''), '.') order by id limit 1"
  const ended = await demo(['--seconds', '1', '--json'], { SPOIL })
  expect(ended).toMatchObject({ status: 1, left: [] })
  expect(JSON.parse(ended.stdout)).toMatchObject({
    identical: false,
    tables: { customers: { differs: 1, changed: 1, examples: [{ column: 'notes' }] }, orders: { differs: 0 } },
  })
})

test('a sync that ends by itself fails the demo at once, with its last words', async () => {
  const ended = await demo(['--json'], { BREAK: '1' })
  expect(ended).toMatchObject({ status: 1, left: [] })
  expect(JSON.parse(ended.stdout)).toMatchObject({
    identical: false,
    error: expect.stringMatching(/broken on purpose/),
  })
})

test('without --seconds Ctrl-C ends the traffic, and the comparison follows', async () => {
  let sent = false
  const ended = await demo(['--json', '--rate', '300'], {}, (stderr, pid) => {
    if (sent || !stderr.includes('row changes sent')) return
    sent = true
    process.kill(pid, 'SIGINT')
  })
  expect(ended).toMatchObject({ status: 0, left: [] })
  expect(JSON.parse(ended.stdout).identical).toBe(true)
})
