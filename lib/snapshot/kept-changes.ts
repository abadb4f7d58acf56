import type { TableMap } from '../binlog/table-map.js'
import type { RowImages } from '../dispatch/route.js'
import type { ChangePlace } from '../model/change-place.js'
import type { KeyBound } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import type { AdmissibleChunk, KeyOrder } from './copy-plan.js'
import type { Segment } from './segment.js'

type Place = Pick<Position, 'binName' | 'binPos'>

/** A row before or behind a change. */
export interface KeyedImage {
  /** Offsets in the images the change is among. */
  readonly at: number
  readonly end: number
  readonly text: string
  readonly bound: KeyBound
}

/** One change of an event. */
export interface RowChange {
  readonly before: KeyedImage | null
  readonly after: KeyedImage | null
  /** Which change of the event it is. */
  readonly row: number
}

/** What the changes of one event have in common; bytes and place are its own, and outlive the event. */
export interface KeptEvent {
  readonly map: TableMap
  readonly images: RowImages
  readonly place: ChangePlace
  readonly commitMs: number
}

/** About what a change takes besides its images. */
const CHANGE_BYTES = 400

interface Kept {
  readonly event: KeptEvent
  readonly change: RowChange
}

/** Changes of keys behind the frontier that the stream has had since a window was opened: whether the window's chunk holds them is not known yet. */
export class KeptChanges {
  #kept: Kept[] = []
  bytes = 0

  /** Changes of one event, in order. */
  keep(event: KeptEvent, changes: readonly RowChange[]): void {
    for (const change of changes) this.#kept.push({ event, change })
    this.bytes += event.images.end - event.images.at + CHANGE_BYTES * changes.length
  }

  clear(): void {
    this.#kept = []
    this.bytes = 0
  }

  /**
   * Of a table without a key, whose rows were all read as they stood at one moment: takes out the changes behind it.
   * `here`: where the stream stands, behind that moment. Throws sourceUnfit when changes cannot be put before or behind it.
   */
  takeBehind(moment: AdmissibleChunk['high'], here: Place, { serverUuid }: Position): TakenChanges {
    const isBehind = ({ binName, binPos }: Place): boolean =>
      moment.reachedBy({ binName, binPos, serverUuid, gtidSet: '' })
    if (!isBehind(here))
      throw new Failure(
        'sourceUnfit',
        'The rows of a table without a key were read from another server than the one that is streamed, so changes cannot be told to be among them.',
        { advice: 'Read them from the server that is streamed, or give the table a primary key.' },
      )
    const kept = this.#kept
    this.clear()
    return new TakenChanges(kept.filter(({ event }) => isBehind(event.place)))
  }

  /** Takes out what belongs to a chunk with this upper bound (null: all), in order, and forgets the rest. */
  async takeUpTo(upTo: KeyBound | null, order: KeyOrder): Promise<TakenChanges> {
    const kept = this.#kept
    this.clear()
    if (upTo === null) return new TakenChanges(kept)
    const images = kept.flatMap(({ change: { before, after } }) => [before, after].filter(image => image !== null))
    const bounds = new Map(images.map(({ text, bound }) => [text, bound]))
    const inside = await order.areAtMost([...bounds.values()], upTo)
    const texts = new Set([...bounds.keys()].filter((_, i) => inside[i]))
    const within = (image: KeyedImage | null): KeyedImage | null => (image && texts.has(image.text) ? image : null)
    const taken = kept.flatMap(({ event, change: { before, after, row } }) => {
      const change = { before: within(before), after: within(after), row }
      return change.before === null && change.after === null ? [] : [{ event, change }]
    })
    return new TakenChanges(taken)
  }
}

/** Changes that go in together with a chunk. */
export class TakenChanges {
  readonly #kept: readonly Kept[]
  /** Keys whose rows the chunk may show as they were after some change, before others. */
  readonly keys: ReadonlySet<string>

  constructor(kept: readonly Kept[]) {
    this.#kept = kept
    this.keys = new Set(kept.flatMap(({ change: { before, after } }) => [before?.text ?? [], after?.text ?? []].flat()))
  }

  /** The rows of these keys as they were where the window began, as inserts; `place` and `firstRow` are theirs. */
  baselines(place: ChangePlace, commitMs: number, firstRow: number): Segment[] {
    const met = new Set<string>()
    const segments: Segment[] = []
    for (const { event, change } of this.#kept) {
      const { before, after } = change
      if (before !== null && !met.has(before.text)) {
        const images = { op: 'insert' as const, ...imageOf(event, before), firstRow: firstRow + segments.length }
        segments.push({ map: event.map, ways: 'strict', images, place, commitMs })
      }
      for (const image of [before, after]) if (image !== null) met.add(image.text)
    }
    return segments
  }

  /** The changes in their order. */
  segments(): Segment[] {
    return this.#kept.map(({ event, change }) => {
      const { map, place, commitMs } = event
      return { map, ways: 'all', images: imagesOf(event.images, change), place, commitMs }
    })
  }
}

/** What is left of a change as images of their own: half of an update whose other half goes elsewhere is a delete or an insert. */
export function imagesOf(images: RowImages, { before, after, row }: RowChange): RowImages {
  const { buffer, op } = images
  const first = before ?? after!
  const last = after ?? before!
  const whole = op === 'update' && before !== null && after !== null
  const kind = whole || op !== 'update' ? op : before === null ? 'insert' : 'delete'
  const columns = columnsOf(images, whole || op !== 'update' ? null : before === null ? 1 : 0)
  const half = op === 'update' && !whole ? { halfOfUpdate: true } : {}
  return { op: kind, buffer, at: first.at, end: last.end, firstRow: row, ...columns, ...half }
}

function imageOf({ images }: KeptEvent, { at, end }: KeyedImage): Pick<RowImages, 'buffer' | 'at' | 'end'> {
  return { buffer: images.buffer, at, end }
}

/** `half`: of which image the columns are wanted; null: as they are. */
function columnsOf({ complete, bitmaps }: RowImages, half: 0 | 1 | null): Pick<RowImages, 'complete' | 'bitmaps'> {
  if (complete !== false || bitmaps === undefined) return {}
  if (half === null) return { complete, bitmaps }
  return { complete, bitmaps: () => bitmapOf(bitmaps(), half).repeat(2) }
}

/** The bitmap of the first or the second image. */
export function bitmapOf(bitmaps: string, which: 0 | 1): string {
  const bytes = bitmaps.length / 2
  return bitmaps.slice(which * bytes, (which + 1) * bytes)
}
