import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TableMap } from '../binlog/table-map.js'
import { syncFolder } from '../checkpoint/replace-file.js'
import type { ChangePlace } from '../model/change-place.js'
import { Failure } from '../model/failure.js'
import { errorText } from '../model/system-error.js'
import { encodeJsonRecord, encodeRecord, readRecords, SpoolDamage, type SpoolRecord } from '../mysql/xa-spool.js'
import type { Segment, Ways } from './segment.js'

/** Kinds of record; `map` stands before the first segment of its table map, `images` behind their `segment`. */
const RECORD = { map: 1, segment: 2, images: 3, end: 4 } as const

interface SegmentHead {
  /** Ordinal of its table map in this file; null: text images. */
  readonly map: number | null
  readonly ways: Ways
  readonly op: Segment['images']['op']
  readonly firstRow: number
  readonly bitmaps: string | null
  readonly halfOfUpdate: boolean
  readonly place: ChangePlace
  readonly commitMs: number
}

/**
 * Files of what goes into an epoch together with a chunk, byte for byte, so that it can go in again as it was. A file has
 * records as those of XA transactions: kind, length, content, CRC32.
 */
export class CopySpool {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Durable when it resolves. Rejects with spoolUnsaved. */
  async write(name: string, segments: readonly Segment[]): Promise<void> {
    const path = join(this.folder, name)
    try {
      await mkdir(this.folder, { recursive: true })
      // Rows as the source has them, whatever rules hide of them.
      const file = await open(path, 'w', 0o600)
      try {
        for (const record of recordsOf(segments)) await file.writeFile(record)
        await file.sync()
      } finally {
        await file.close()
      }
      await syncFolder(this.folder)
    } catch (error) {
      throw new Failure('spoolUnsaved', `${path}: ${errorText(error)}`, { cause: error })
    }
  }

  /** Rejects with spoolDamaged when the file is not as it was written. */
  async read(name: string): Promise<Segment[]> {
    const path = join(this.folder, name)
    try {
      const file = await open(path, 'r')
      try {
        return await parse(readRecords(file))
      } finally {
        await file.close()
      }
    } catch (error) {
      throw new Failure('spoolDamaged', `${path}: ${errorText(error)}`, { cause: error })
    }
  }

  /** Removes all files but these. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    for (const name of await readdir(this.folder)) if (!names.has(name)) await this.remove(name)
  }

  /** That it goes need not be durable: what is left behind is removed at the next start. */
  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true })
  }
}

function* recordsOf(segments: readonly Segment[]): Generator<Buffer> {
  const maps = new Map<TableMap, number>()
  for (const { map, ways, images, place, commitMs } of segments) {
    if (map !== null && !maps.has(map)) {
      maps.set(map, maps.size)
      yield encodeJsonRecord(RECORD.map, map)
    }
    const { op, firstRow = 0, halfOfUpdate = false, complete, bitmaps, buffer, at, end } = images
    const head: SegmentHead = {
      map: map === null ? null : maps.get(map)!,
      ways,
      op,
      firstRow,
      bitmaps: complete === false ? bitmaps!() : null,
      halfOfUpdate,
      place: { ...place },
      commitMs,
    }
    yield encodeJsonRecord(RECORD.segment, head)
    yield encodeRecord(RECORD.images, buffer.subarray(at, end))
  }
  yield encodeRecord(RECORD.end)
}

async function parse(records: AsyncIterable<SpoolRecord>): Promise<Segment[]> {
  const maps: TableMap[] = []
  const segments: Segment[] = []
  let head: SegmentHead | null = null
  let ended = false
  for await (const { kind, content } of records) {
    if (ended) throw new SpoolDamage('there are records behind its end')
    if (kind === RECORD.map) maps.push(JSON.parse(content.toString()) as TableMap)
    else if (kind === RECORD.segment) head = JSON.parse(content.toString()) as SegmentHead
    else if (kind === RECORD.images && head !== null) {
      segments.push(segmentOf(head, maps, Buffer.from(content)))
      head = null
    } else if (kind === RECORD.end && head === null) ended = true
    else throw new SpoolDamage(`a record of kind ${kind} stands where none may`)
  }
  if (!ended) throw new SpoolDamage('its end is missing')
  return segments
}

function segmentOf(
  { map, ways, op, firstRow, bitmaps, halfOfUpdate, place, commitMs }: SegmentHead,
  maps: TableMap[],
  buffer: Buffer,
): Segment {
  const known = map === null ? null : maps[map]
  if (known === undefined) throw new SpoolDamage(`table map ${map} is missing`)
  const columns = bitmaps === null ? {} : { complete: false, bitmaps: () => bitmaps }
  const half = halfOfUpdate ? { halfOfUpdate } : {}
  const images = { op, buffer, at: 0, end: buffer.length, firstRow, ...columns, ...half }
  return { map: known, ways, images, place, commitMs }
}
