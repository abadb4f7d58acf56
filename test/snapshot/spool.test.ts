import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { TableMap } from '../../lib/binlog/table-map.js'
import type { Segment } from '../../lib/snapshot/segment.js'
import { CopySpool } from '../../lib/snapshot/spool.js'

const MAP: TableMap = { id: 7, schema: 's', table: 't', columns: [], primaryKey: [0] }
const PLACE = { binName: 'b.000001', binPos: 154, event: -3 }

function segmentsOf(): Segment[] {
  const bytes = Buffer.from('..abcdef..')
  const images = { op: 'insert' as const, buffer: bytes, at: 2, end: 8, firstRow: 5 }
  const bitmaps = '\x01\xff\x00\x80'
  const kept = { op: 'update' as const, buffer: bytes, at: 0, end: 4, complete: false, bitmaps: () => bitmaps }
  return [
    { map: null, ways: 'strict', images, place: PLACE, commitMs: 9 },
    { map: MAP, ways: 'all', images: kept, place: { ...PLACE, event: 4 }, commitMs: 8 },
    { map: MAP, ways: 'upsert', images: { ...images, halfOfUpdate: true }, place: PLACE, commitMs: 9 },
  ]
}

const plain = (segments: readonly Segment[]) =>
  segments.map(
    ({ images: { op, buffer, at, end, firstRow = 0, halfOfUpdate = false, complete = true, bitmaps }, ...rest }) => {
      const bytes = buffer.subarray(at, end).toString('latin1')
      return { ...rest, op, bytes, firstRow, halfOfUpdate, complete, bitmaps: complete ? '' : bitmaps!() }
    },
  )

describe('files of what goes in with a chunk', () => {
  let folder = ''
  let spool: CopySpool

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'copy-spool-'))
    spool = new CopySpool(join(folder, 'spool'))
  })

  afterEach(() => rm(folder, { recursive: true }))

  test('are read as they were written', async () => {
    await spool.write('3-0.rows', segmentsOf())
    const again = await spool.read('3-0.rows')
    expect(plain(again)).toEqual(plain(segmentsOf()))
    expect(again[1]!.map).toBe(again[2]!.map)
  })

  test('a file that is torn or damaged is refused by its name', async () => {
    await spool.write('3-0.rows', segmentsOf())
    const path = join(spool.folder, '3-0.rows')
    const whole = await readFile(path)
    const refused = { kind: 'spoolDamaged', message: expect.stringContaining(path) as unknown }
    for (let cut = 0; cut < whole.length; cut += 5) {
      await writeFile(path, whole.subarray(0, cut))
      await expect(spool.read('3-0.rows')).rejects.toMatchObject(refused)
      const damaged = Buffer.from(whole)
      damaged[cut] = damaged[cut]! ^ 0x20
      await writeFile(path, damaged)
      await expect(spool.read('3-0.rows')).rejects.toMatchObject(refused)
    }
    await writeFile(path, Buffer.concat([whole, whole]))
    await expect(spool.read('3-0.rows')).rejects.toMatchObject(refused)
    await expect(spool.read('4-0.rows')).rejects.toMatchObject({ kind: 'spoolDamaged' })
  })

  test('a folder that cannot be written is told, and may be tried again', async () => {
    await writeFile(join(folder, 'spool'), 'no folder')
    await expect(spool.write('3-0.rows', [])).rejects.toMatchObject({ kind: 'spoolUnsaved', retriable: true })
  })

  test('are for their owner alone: they hold rows as the source has them', async () => {
    await spool.write('1-0.rows', segmentsOf())
    expect((await stat(join(spool.folder, '1-0.rows'))).mode & 0o777).toBe(0o600)
  })

  test('go when they are over', async () => {
    for (const name of ['1-0.rows', '1-1.rows', '2-0.rows']) await spool.write(name, segmentsOf())
    await spool.remove('1-0.rows')
    await spool.keepOnly(new Set(['2-0.rows']))
    expect(await readdir(spool.folder)).toEqual(['2-0.rows'])
  })
})
