import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { MasterInfoFile, parseMasterInfo, renderMasterInfo } from '../../lib/checkpoint/master-info.js'
import { PositionSaver } from '../../lib/checkpoint/position-saver.js'
import { Failure } from '../../lib/model/failure.js'

const position = { binName: 'mysql-bin.000005', binPos: 708735, gtidSet: 'u:1-5', serverUuid: 'u' }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'master-info-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('master.info', () => {
  test('comes back as it was saved, and begins with mysql-gp-sync’s two lines', async () => {
    const file = new MasterInfoFile(folder)
    expect(await file.load()).toBeNull()
    await file.save({ position, epoch: 7 })
    expect((await readFile(file.path, 'utf8')).split('\n').slice(0, 2)).toEqual([
      'bin_name = "mysql-bin.000005"',
      'bin_pos = 708735',
    ])
    expect(await file.load()).toEqual({ ...position, edited: false, epoch: 7 })
  })

  test('a start by GTID set alone is kept as it is, and counts as saved', () => {
    const start = { ...position, binName: '', binPos: 4 }
    const text = renderMasterInfo({ position: start, epoch: 7 })
    expect(text).not.toContain('bin_')
    expect(parseMasterInfo(text, 'f')).toMatchObject({ binName: null, gtidSet: 'u:1-5', edited: false, epoch: 7 })
    expect(parseMasterInfo(text.replace('u:1-5', 'u:1-4'), 'f')).toMatchObject({ gtidSet: 'u:1-4', edited: true })
  })

  test('a file of two lines is enough', () => {
    expect(parseMasterInfo('bin_name = "mysql-bin.000005"\nbin_pos = 4\n', 'f')).toEqual({
      binName: 'mysql-bin.000005',
      binPos: 4,
      gtidSet: null,
      epoch: null,
      serverUuid: null,
      edited: true,
    })
  })

  test('after an edit of file or offset by hand the old GTID set no longer counts', () => {
    const edited = parseMasterInfo(renderMasterInfo({ position, epoch: 7 }).replace('708735', '4'), 'f')
    expect(edited).toMatchObject({ binPos: 4, gtidSet: null, edited: true, epoch: 7 })
    const gtidOnly = parseMasterInfo('gtid_set = "u:1-9"\n', 'f')
    expect(gtidOnly).toMatchObject({ binName: null, gtidSet: 'u:1-9' })
  })

  test.each([
    ['garbage', '\u0000\u0001 not toml', /not readable as TOML/],
    ['empty', '', /names no position/],
    ['a wrong type', 'bin_name = 5\nbin_pos = 4', /bin_name must be a binlog file name/],
    ['a wrong offset', 'bin_name = "b.000001"\nbin_pos = "x"', /bin_pos must be a whole number/],
    [
      'an offset in the magic number',
      'bin_name = "b.000001"\nbin_pos = 2',
      /bin_pos must be a whole number, 4 or more/,
    ],
  ])('%s is a clear stop', (_, text, message) => {
    expect(() => parseMasterInfo(text, 'var/master.info')).toThrow(message)
    try {
      parseMasterInfo(text, 'var/master.info')
    } catch (error) {
      expect((error as Failure).kind).toBe('positionUnreadable')
    }
  })

  test('a folder that cannot be written is positionUnsaved and leaves the old file', async () => {
    const file = new MasterInfoFile(folder)
    await file.save({ position, epoch: 7 })
    await writeFile(join(folder, 'plain'), '')
    await expect(new MasterInfoFile(join(folder, 'plain')).save({ position, epoch: 7 })).rejects.toMatchObject({
      kind: 'positionUnsaved',
    })
    expect(await file.load()).toMatchObject({ binPos: 708735 })
  })
})

test('a save that fails is tried again, and the newest position stands for all that came meanwhile', async () => {
  const written: number[] = []
  const saved: [number, number[]][] = []
  let failures = 2
  let release = (): void => undefined
  const done = new Promise<void>(resolve => {
    release = resolve
  })
  const saver = new PositionSaver<number>({
    save: async p => {
      if (failures-- > 0) throw new Failure('positionUnsaved', 'no space left on device')
      written.push(p.binPos)
    },
    onSaved: (p, notes) => {
      saved.push([p.binPos, [...notes]])
      if (p.binPos === 30) release()
    },
    onRetry: failure => expect(failure.kind).toBe('positionUnsaved'),
  })
  for (const binPos of [10, 20, 30]) saver.save({ ...position, binPos }, binPos)
  await done
  expect(written).toEqual([30])
  expect(saved).toEqual([[30, [10, 20, 30]]])
  expect(await saver.close()).toBe(true)
})
