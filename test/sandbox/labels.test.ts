import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Labels } from '../../lib/sandbox/labels.js'
import { Store } from '../../lib/sandbox/store.js'
import { loadState, makeTable, openSandbox, rowsOf, send, streamLoad } from './stream-load-client.js'
import { TransactionClient } from './transaction-client.js'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sandbox-labels-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

test('rows and labels outlive the process; transaction numbers go on', async () => {
  const first = await openSandbox({ dataDir })
  await makeTable(first, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
  await streamLoad(first, { table: 't', body: '1\n', headers: { label: 'good' } })
  const bad = await streamLoad(first, { table: 't', body: 'x\n', headers: { label: 'bad' } })
  await first.close()

  const second = await openSandbox({ dataDir })
  try {
    expect(await rowsOf(second, 't')).toEqual([['1']])
    expect(await loadState(second, 'good')).toMatchObject({ state: 'VISIBLE' })
    expect(await loadState(second, 'bad')).toMatchObject({ state: 'ABORTED', reason: 'too many filtered rows' })
    const again = await streamLoad(second, { table: 't', body: '2\n', headers: { label: 'good' } })
    expect(again).toMatchObject({ Status: 'Label Already Exists', ExistingJobStatus: 'FINISHED' })
    const reused = await streamLoad(second, { table: 't', body: '2\n', headers: { label: 'bad' } })
    expect(reused.Status).toBe('Success')
    expect(reused.TxnId).toBeGreaterThan(bad.TxnId)
  } finally {
    await second.close()
  }
})

interface Ports {
  readonly feHttpPort: number
  readonly beHttpPort: number
}

async function startChild(): Promise<{ child: ChildProcess; ports: Ports }> {
  const script = fileURLToPath(new URL('./crash-child.js', import.meta.url))
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    child.once('exit', () => reject(new Error('the sandbox did not start')))
  })
  return { child, ports: JSON.parse(line) as Ports }
}

test('kill -9 at any moment keeps a load with its label or neither', async () => {
  const rowsPerLoad = 3_000
  let next = 0
  for (let crash = 0; crash < 3; crash++) {
    const { child, ports } = await startChild()
    const bodyOf = (load: number) =>
      Array.from({ length: rowsPerLoad }, (_, at) => `${load * rowsPerLoad + at}\t${load}\n`).join('')
    const load = (at: number) =>
      streamLoad(ports as Parameters<typeof streamLoad>[0], {
        table: 't',
        body: bodyOf(at),
        headers: { label: `l${at}` },
      })
    const loads = Array.from({ length: 6 }, () => load(next++).catch(() => null))
    await loads[crash]
    const exited = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
    await Promise.all(loads)
  }

  const after = await openSandbox({ dataDir })
  try {
    const byLoad = await countByLoad(after)
    let durable = 0
    for (let at = 0; at < next; at++) {
      const { state } = await loadState(after, `l${at}`)
      expect([at, state === 'VISIBLE' ? rowsPerLoad : 0]).toEqual([at, byLoad.get(at) ?? 0])
      if (state === 'VISIBLE') durable++
    }
    expect(durable).toBeGreaterThanOrEqual(3)
  } finally {
    await after.close()
  }
})

async function countByLoad(sandbox: Awaited<ReturnType<typeof openSandbox>>): Promise<Map<number, number>> {
  const counts = new Map<number, number>()
  for (const [, n] of await rowsOf(sandbox, 't')) counts.set(Number(n), (counts.get(Number(n)) ?? 0) + 1)
  return counts
}

test('a recorded transaction can no longer be cancelled, a cancelled one no longer recorded', async () => {
  const store = await Store.open({ dataDir: null })
  const labels = await Labels.open(store)
  const begin = (label: string) => {
    const begun = labels.begin('d', label)
    if ('existing' in begun) throw new Error('taken')
    return begun
  }
  const cancelled = begin('a')
  await labels.abort(cancelled, 'user cancel')
  await expect(store.write(connection => labels.record(connection, cancelled))).rejects.toThrow('cancelled')
  const recorded = begin('b')
  await store.write(connection => labels.record(connection, recorded))
  expect(recorded.state).toBe('PREPARED')
  expect(labels.begin('d', 'b')).toEqual({ existing: 'RUNNING' })
  await store.close()
})

test('finished labels are remembered for so long, or so many of a database', async () => {
  let nowMs = 1_800_000_000_000
  const sandbox = await openSandbox({ dataDir, now: () => nowMs, labelKeep: { count: 3, ms: 60_000 } })
  const load = (label: string) => streamLoad(sandbox, { table: 't', body: '1\n', headers: { label } })
  const states = async (...labels: string[]) =>
    Promise.all(labels.map(async label => (await loadState(sandbox, label)).state))
  try {
    await makeTable(sandbox, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    for (const label of ['a', 'b', 'c', 'd']) await load(label)
    expect(await states('a', 'b', 'c', 'd')).toEqual(['UNKNOWN', 'VISIBLE', 'VISIBLE', 'VISIBLE'])
    expect((await load('a')).Status).toBe('Success')
    nowMs += 60_001
    await load('e')
    expect(await states('a', 'd', 'e')).toEqual(['UNKNOWN', 'UNKNOWN', 'VISIBLE'])
  } finally {
    await sandbox.close()
  }
  const shorter = await openSandbox({ dataDir, now: () => nowMs, labelKeep: { count: 0 } })
  expect((await loadState(shorter, 'e')).state).toBe('UNKNOWN')
  await shorter.close()
})

test('labels are forgotten at once by an admin route, those of open transactions are not', async () => {
  const sandbox = await openSandbox({ dataDir, emulatedVersion: '4.1.0' })
  const forget = (database: string) =>
    send('POST', `http://127.0.0.1:${sandbox.feHttpPort}/sandbox/forget_labels?db=${database}`)
  const multi = new TransactionClient(sandbox, { label: 'multi', transaction_type: 'multi' })
  try {
    await makeTable(sandbox, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    await streamLoad(sandbox, { table: 't', body: '1\n', headers: { label: 'done' } })
    await multi.run('begin')
    await multi.load('t', '1\n')
    await multi.run('commit')
    const open = new TransactionClient(sandbox, { label: 'open', table: 't' })
    await open.run('begin')
    await open.load('t', '2\n')
    await open.run('prepare')
    expect((await forget('elsewhere')).text).toBe('{"forgotten":0}\n')
    expect((await forget('d')).text).toBe('{"forgotten":2}\n')
    expect((await loadState(sandbox, 'done')).state).toBe('UNKNOWN')
    expect((await loadState(sandbox, 'multi')).state).toBe('UNKNOWN')
    expect((await loadState(sandbox, 'open')).state).toBe('PREPARED')
    expect((await multi.run('begin')).reply.Status).toBe('OK')
  } finally {
    await sandbox.close()
  }
  const second = await openSandbox({ dataDir, emulatedVersion: '4.1.0' })
  expect((await loadState(second, 'done')).state).toBe('UNKNOWN')
  expect((await loadState(second, 'open')).state).toBe('PREPARED')
  await second.close()
})
