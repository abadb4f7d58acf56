import { constants } from 'node:fs'
import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { EpochJournal, type JournalOptions } from '../../lib/checkpoint/epoch-journal.js'
import type { PlannedLoad, PlannedShipment } from '../../lib/model/epoch-plan.js'

const NOW = 1_700_000_000_000
let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'epoch-journal-'))
  path = join(folder, 'epochs.journal')
})
afterEach(async () => {
  jest.restoreAllMocks()
  await rm(folder, { recursive: true })
})

function at(binPos: number) {
  return { binName: 'mysql-bin.000005', binPos, gtidSet: `u:1-${binPos}`, serverUuid: 'u' }
}

function beginOf(epoch: number, labelBase = 'mss_1') {
  return { epoch, delivery: 'labels', labelBase, start: at(epoch * 100), witnesses: new Map([['dw', 'w']]) } as const
}

function load(label: string, table = 'orders'): PlannedLoad {
  return { label, database: 'dw', table, rows: 3, mode: 'append', fingerprint: 'f' }
}

function shipment(events: number, ...loads: PlannedLoad[]): PlannedShipment {
  return { events, spilled: false, loads }
}

function openJournal(options: JournalOptions = {}): Promise<EpochJournal> {
  return EpochJournal.open(folder, { now: () => NOW, ...options })
}

async function lines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8')
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

async function kinds(): Promise<string[]> {
  return (await lines()).map(({ kind, epoch }) => `${kind} ${epoch}`)
}

function startOfLastLine(bytes: Buffer): number {
  return bytes.lastIndexOf('\n', bytes.length - 2) + 1
}

/** Every open file of this process shares it. */
async function fileMethods(): Promise<FileHandle> {
  const file = await open(folder, 'r')
  await file.close()
  return Object.getPrototypeOf(file) as FileHandle
}

/** One epoch with a record of each kind, another that has begun. */
async function writeTwoEpochs(): Promise<void> {
  const journal = await openJournal()
  await journal.begin(beginOf(1))
  await journal.ship(1, { ...shipment(10, load('a'), load('b', 'übrige')), spilled: true }, null)
  await journal.transaction(1, 'dw', 't1')
  journal.settled(1, 'a')
  await journal.rebase(1, 'dw.übrige', 'mss_2')
  await journal.ship(1, shipment(20, load('c', 'übrige')), at(200))
  await journal.reduce(1, 'c', 'd')
  await journal.transaction(1, 'other', 't2')
  await journal.begin(beginOf(2))
  await journal.close()
}

const TWO_EPOCHS = [
  {
    ...beginOf(1),
    end: at(200),
    shipments: [
      { events: 10, spilled: true, loads: [load('a')] },
      { events: 20, spilled: false, loads: [load('c', 'übrige')] },
    ],
    rebased: new Map([['dw.übrige', 'mss_2']]),
    settled: new Set(['a']),
    reduced: new Map([['c', 'd']]),
    transactions: [
      { database: 'dw', label: 't1' },
      { database: 'other', label: 't2' },
    ],
    atMs: NOW,
  },
  {
    ...beginOf(2),
    end: null,
    shipments: [],
    rebased: new Map(),
    settled: new Set(),
    reduced: new Map(),
    transactions: [],
    atMs: NOW,
  },
]

describe('what is read', () => {
  test('is what was written, folded; the loads of a target that was rebased later are left out', async () => {
    expect((await openJournal()).epochs).toEqual([])
    expect(await readdir(folder)).toEqual([])
    await writeTwoEpochs()
    expect((await openJournal()).epochs).toEqual(TWO_EPOCHS)
  })

  test('after a cut at any byte is every whole line, and the next record makes the file whole', async () => {
    await writeTwoEpochs()
    const bytes = await readFile(path)
    const lastLine = startOfLastLine(bytes)
    const said = new Map<number, unknown>()
    const wrong: number[] = []
    for (let length = 0; length <= bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length))
      const journal = await openJournal()
      // A line is whole with its last brace: what lacks is a newline.
      const whole =
        bytes
          .subarray(0, length + 1)
          .toString('latin1')
          .split('\n').length - 1
      if (!said.has(whole)) said.set(whole, journal.epochs)
      if (!isDeepStrictEqual(journal.epochs, said.get(whole))) wrong.push(length)
      if (length < lastLine) continue
      await journal.begin(beginOf(3))
      await journal.close()
      expect((await kinds()).at(-1)).toBe('begin 3')
      expect((await openJournal()).epochs).toMatchObject([...journal.epochs, { epoch: 3 }])
    }
    expect(wrong).toEqual([])
    expect(said.get(0)).toEqual([])
    expect(said.get(bytes.toString('latin1').split('\n').length - 1)).toEqual(TWO_EPOCHS)
  })

  test('with damage before the last line is nothing: the Failure names file, line and remedy', async () => {
    await writeTwoEpochs()
    const bytes = await readFile(path)
    const lastLine = startOfLastLine(bytes)
    for (let at = 0; at < lastLine; at++) {
      if (at % 13 !== 0 && bytes[at] !== 0x0a) continue
      const damaged = Buffer.from(bytes)
      damaged[at] = damaged[at]! ^ 1
      await writeFile(path, damaged)
      const line = bytes.subarray(0, at).toString('latin1').split('\n').length
      await expect(openJournal()).rejects.toMatchObject({
        kind: 'positionUnreadable',
        message: expect.stringContaining(`${path}, line ${line} is damaged`),
        advice: expect.stringMatching(/"append" or "aggregate".*by hand, then remove epochs\.journal/),
      })
      expect(await readFile(path)).toEqual(damaged)
    }
  })

  test('a line taken out by hand counts when others need it', async () => {
    await writeTwoEpochs()
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.slice(text.indexOf('\n') + 1))
    await expect(openJournal()).rejects.toMatchObject({
      kind: 'positionUnreadable',
      message: expect.stringContaining('line 1 is damaged: "ship" of epoch 1, which is not open'),
    })
  })

  test('what is no file is named', async () => {
    await mkdir(path)
    await expect(openJournal()).rejects.toMatchObject({
      kind: 'positionUnreadable',
      message: expect.stringContaining(path),
    })
  })
})

describe('what is written', () => {
  test('is there, and synced, before its promise resolves', async () => {
    const journal = await openJournal()
    const seen: unknown[] = []
    const methods = await fileMethods()
    for (const name of ['sync', 'datasync'] as const) {
      const real = methods[name]
      jest.spyOn(methods, name).mockImplementation(async function (this: FileHandle) {
        const isFolder = (await this.stat()).isDirectory()
        seen.push(isFolder ? 'folder' : (await this.stat()).size)
        await real.call(this)
      })
    }
    await journal.begin(beginOf(1))
    const begun = (await readFile(path)).length
    seen.push('begun')
    await journal.ship(1, shipment(1, load('a')), null)
    seen.push('shipped')
    expect(seen).toEqual([begun, 'folder', 'begun', (await readFile(path)).length, 'shipped'])
  })

  test('stands in the order of the calls; those that come during a sync share the next', async () => {
    const journal = await openJournal()
    await journal.begin(beginOf(1))
    const datasync = jest.spyOn(await fileMethods(), 'datasync')
    const rest: Promise<void>[] = []
    datasync.mockImplementationOnce(async () => {
      for (let n = 1; n < 50; n++) rest.push(journal.ship(1, shipment(n, load(`${n}`)), null))
    })
    await journal.ship(1, shipment(0, load('0')), null)
    await Promise.all(rest)
    expect(datasync).toHaveBeenCalledTimes(2)
    const written = (await lines()).slice(1).map(({ shipment }) => (shipment as PlannedShipment).events)
    expect(written).toEqual([...Array(50).keys()])
  })

  test('a hint waits for the next record, or for the end', async () => {
    const journal = await openJournal()
    await journal.begin(beginOf(1))
    journal.settled(1, 'a')
    journal.settled(1, 'a')
    journal.settled(7, 'of no epoch')
    expect(await kinds()).toEqual(['begin 1'])
    await journal.transaction(1, 'dw', 't')
    expect(await kinds()).toEqual(['begin 1', 'settled 1', 'transaction 1'])
    journal.settled(1, 'b')
    await journal.close()
    expect((await openJournal()).epochs[0]!.settled).toEqual(new Set(['a', 'b']))
  })

  test('of an epoch that was never begun is a defect; so is anything durable after the end', async () => {
    const journal = await openJournal()
    await expect(journal.ship(1, shipment(1, load('a')), null)).rejects.toThrow('epoch 1, which is not open')
    await journal.close()
    await expect(journal.begin(beginOf(1))).rejects.toMatchObject({ kind: 'internal' })
    journal.settled(1, 'a')
    journal.over(1)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('an epoch that is read again', () => {
  test('keeps what is known of it, and writes only what is new', async () => {
    await writeTwoEpochs()
    const before = await readFile(path, 'utf8')
    const journal = await openJournal()
    await journal.begin({ ...beginOf(1), witnesses: new Map([['dw', 'later']]) })
    await journal.ship(1, shipment(10, load('a')), null)
    await journal.ship(1, shipment(20, load('a'), load('c', 'übrige')), at(200))
    await journal.rebase(1, 'dw.übrige', 'mss_2')
    await journal.reduce(1, 'c', 'd')
    await journal.transaction(1, 'dw', 't1')
    journal.settled(1, 'a')
    await journal.close()
    expect(await readFile(path, 'utf8')).toBe(before)

    const next = await openJournal()
    // Void since the target was rebased, so not known.
    await next.ship(1, shipment(10, load('b', 'übrige')), null)
    await next.ship(1, shipment(20, load('c', 'übrige')), at(250))
    await next.close()
    const [again] = (await openJournal()).epochs
    expect(again!.shipments.map(({ loads }) => loads.map(({ label }) => label))).toEqual([['a'], ['c'], ['b']])
    expect(again!.end).toEqual(at(250))
  })

  test('from another place or with other labels is another epoch', async () => {
    await writeTwoEpochs()
    const journal = await openJournal()
    await journal.begin(beginOf(1, 'mss_9'))
    await journal.begin({ ...beginOf(2), start: at(201) })
    await journal.close()
    expect((await openJournal()).epochs).toMatchObject([
      { epoch: 1, labelBase: 'mss_9', shipments: [], end: null },
      { epoch: 2, start: at(201) },
    ])
  })
})

describe('what is over', () => {
  test('is forgotten with all before it', async () => {
    const journal = await openJournal()
    for (const epoch of [1, 2, 3]) await journal.begin(beginOf(epoch))
    journal.over(2)
    await journal.transaction(3, 'dw', 't')
    expect(await kinds()).toEqual(['begin 1', 'begin 2', 'begin 3', 'over 2', 'transaction 3'])
    expect((await openJournal()).epochs).toMatchObject([{ epoch: 3 }])
    journal.over(3)
    await journal.close()
    expect((await openJournal()).epochs).toEqual([])
    expect(await readdir(folder)).toEqual(['epochs.journal'])
  })

  test('leaves a file that is too long, which keeps the epochs that are open and all that is known of them', async () => {
    await writeTwoEpochs()
    const journal = await openJournal({ compactBytes: 1000 })
    await journal.begin(beginOf(3))
    await journal.ship(3, shipment(5, load('e')), at(400))
    journal.settled(3, 'e')
    await journal.close()
    const { epochs } = await openJournal()
    expect(epochs.slice(0, 2)).toEqual(TWO_EPOCHS)
    expect(epochs[2]!.settled).toEqual(new Set(['e']))
    // The records of one kind stand together: it was rewritten.
    expect((await kinds()).slice(0, 4)).toEqual(['begin 1', 'rebase 1', 'ship 1', 'ship 1'])

    const next = await openJournal({ compactBytes: 1000 })
    next.over(1)
    await next.close()
    expect(await kinds()).toEqual(['begin 2', 'begin 3', 'ship 3', 'settled 3'])
    expect((await openJournal()).epochs).toEqual(epochs.slice(1))
  })

  test('forgetAll empties it at once, and it can be used on', async () => {
    await writeTwoEpochs()
    const journal = await openJournal()
    await journal.forgetAll()
    expect(await readFile(path, 'utf8')).toBe('')
    await journal.begin(beginOf(1))
    expect(await kinds()).toEqual(['begin 1'])
    expect(journal.epochs).toEqual(TWO_EPOCHS)
  })
})

describe('a disk that fails', () => {
  test('in the middle of a line rejects those who wait; their records are written whole by the next try', async () => {
    const journal = await openJournal()
    await journal.begin(beginOf(1))
    const before = await lines()
    jest.spyOn(await fileMethods(), 'writeFile').mockImplementationOnce(async function (this: FileHandle, data) {
      await this.write((data as Buffer).subarray(0, 50))
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    })
    const failed = [journal.ship(1, shipment(1, load('a')), null), journal.transaction(1, 'dw', 't')]
    for (const { status, reason } of (await Promise.allSettled(failed)) as PromiseRejectedResult[])
      expect([status, reason]).toEqual(['rejected', expect.objectContaining({ kind: 'positionUnsaved' })])
    expect((await openJournal()).epochs).toMatchObject([{ epoch: 1, shipments: [] }])
    // Known by now, though not on disk: it must not resolve before it is.
    await journal.ship(1, shipment(1, load('a')), null)
    expect((await lines()).slice(0, 1)).toEqual(before)
    expect(await kinds()).toEqual(['begin 1', 'ship 1', 'transaction 1'])
  })

  test('at the sync rejects, and what was written is written again', async () => {
    const journal = await openJournal()
    await journal.begin(beginOf(1))
    jest.spyOn(await fileMethods(), 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error, fdatasync'))
    await expect(journal.ship(1, shipment(1, load('a')), null)).rejects.toMatchObject({
      kind: 'positionUnsaved',
      message: expect.stringContaining(`${path}: EIO`),
      advice: expect.stringContaining(path),
    })
    await journal.ship(1, shipment(1, load('a')), null)
    await journal.ship(1, shipment(2, load('b')), null)
    expect(await kinds()).toEqual(['begin 1', 'ship 1', 'ship 1'])
  })

  test('when an epoch is over is told to the next who writes, and to close', async () => {
    const journal = await openJournal()
    await journal.begin(beginOf(1))
    const methods = await fileMethods()
    const failing = [jest.spyOn(methods, 'sync'), jest.spyOn(methods, 'datasync')]
    for (const sync of failing) sync.mockRejectedValue(new Error('EIO'))
    journal.over(1)
    await expect(journal.begin(beginOf(2))).rejects.toMatchObject({ kind: 'positionUnsaved' })
    await expect(journal.close()).rejects.toMatchObject({ kind: 'positionUnsaved' })
    for (const sync of failing) sync.mockRestore()
  })

  test('a file that somebody touched meanwhile is made whole from what is known', async () => {
    const journal = await openJournal()
    await journal.begin(beginOf(1))
    await truncate(path, 10)
    await journal.ship(1, shipment(1, load('a')), null)
    expect(await kinds()).toEqual(['begin 1', 'ship 1'])
    const file = await open(path, constants.O_WRONLY | constants.O_APPEND)
    await file.writeFile('{"kind":"sh')
    await file.close()
    await journal.ship(1, shipment(2, load('b')), null)
    expect(await kinds()).toEqual(['begin 1', 'ship 1', 'ship 1'])
    await rm(path)
    await expect(journal.ship(1, shipment(3, load('c')), null)).rejects.toMatchObject({ kind: 'positionUnsaved' })
    await journal.ship(1, shipment(3, load('c')), null)
    expect(await kinds()).toEqual(['begin 1', 'ship 1', 'ship 1', 'ship 1'])
  })
})
