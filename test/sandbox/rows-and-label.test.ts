import { expect, test } from '@jest/globals'
import { RejectedRows } from '../../lib/sandbox/error-log.js'
import { FaultyCommit } from '../../lib/sandbox/fault-points.js'
import { Labels } from '../../lib/sandbox/labels.js'
import { parseLoadRequest } from '../../lib/sandbox/load-request.js'
import { MultiTransactions } from '../../lib/sandbox/multi-transactions.js'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { StreamLoader } from '../../lib/sandbox/stream-load.js'
import { makeTable, openSandbox, rowsOf } from './stream-load-client.js'

/** Loads one row into d.t under the label "l". */
function loadOne(sandbox: Sandbox, labels: Labels): ReturnType<StreamLoader['load']> {
  const options = { mode: 'duckdb', emulatedVersion: '3.5.2', parser: 'exact' } as const
  const transaction = labels.begin('d', 'l')
  if ('existing' in transaction) throw new Error('taken')
  return new StreamLoader(options, sandbox.store, labels).load(
    { database: 'd', table: 't' },
    parseLoadRequest({}),
    Buffer.from('1\n'),
    transaction,
    { total: 0, filtered: 0 },
    new RejectedRows(),
  )
}

test('a label that cannot be written takes its rows with it', async () => {
  const sandbox = await openSandbox()
  try {
    await makeTable(sandbox, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    const labels = await Labels.open(sandbox.store)
    labels.record = async () => {
      throw new Error('disk full')
    }
    const loaded = loadOne(sandbox, labels)
    await expect(loaded).rejects.toThrow('disk full')
    expect(await rowsOf(sandbox, 't')).toEqual([])
  } finally {
    await sandbox.close()
  }
})

test('a label that cannot be written takes the rows of a whole transaction with it', async () => {
  const sandbox = await openSandbox()
  try {
    await makeTable(sandbox, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    const labels = await Labels.open(sandbox.store)
    labels.record = async () => {
      throw new Error('disk full')
    }
    const multi = new MultiTransactions(sandbox.store, labels, sandbox.loader, {
      emulatedVersion: '4.1.0',
      now: Date.now,
      kept: 9,
    })
    await multi.begin('d', 'l', 60_000)
    await multi.planLoad('d', 't', 'l', {}, true)
    const slot = await multi.takeLoad('t', 'l', {}, 2)
    await sandbox.loader.loadPart(slot.part, Buffer.from('1\n'))
    await slot.release()
    const wish = new FaultyCommit(sandbox.faults, { database: 'd', table: '', label: 'l', op: 'commit' })
    await expect(multi.commit('l', wish, () => '')).rejects.toThrow('disk full')
    expect(await rowsOf(sandbox, 't')).toEqual([])
    expect(labels.find('d', 'l')?.state).toBe('ABORTED')
  } finally {
    await sandbox.close()
  }
})

test('a table that went away after the load was planned', async () => {
  const sandbox = await openSandbox()
  try {
    await makeTable(sandbox, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    const labels = await Labels.open(sandbox.store)
    const dropped = sandbox.store.define(async (_, draft) => draft.removeTable(draft.table('d', 't')!.id))
    const loaded = loadOne(sandbox, labels)
    await expect(loaded).rejects.toThrow('unknown table "d.t"')
    await dropped
  } finally {
    await sandbox.close()
  }
})
