import type { RowsEvent } from '../binlog/event.js'
import type { KeyReader } from './copy-plan.js'
import { bitmapOf, type KeyedImage, type RowChange } from './kept-changes.js'

/** The reader of the keys of images that have these columns (a bitmap as of `RowsEvent.bitmaps`); null: all columns. */
export type KeysOf = (columns: string | null) => KeyReader

/** The changes of an event with their keys. */
export function readChanges(event: RowsEvent, keysOf: KeysOf): RowChange[] {
  const { op, buffer, end, complete } = event
  const bitmaps = complete ? null : event.bitmaps()
  const first = keysOf(bitmaps === null ? null : bitmapOf(bitmaps, 0))
  const second = bitmaps === null ? first : keysOf(bitmapOf(bitmaps, 1))
  const read = (at: number, keys: KeyReader): KeyedImage => {
    const texts: string[] = []
    const behind = keys.keyTexts(buffer, at, end, texts)
    const text = texts[0] ?? ''
    return { at, end: behind, text, bound: text === '' ? [] : keys.keyBound(buffer, at, end) }
  }
  const changes: RowChange[] = []
  for (let at = event.at; at < end; ) {
    const row = changes.length
    const image = read(at, first)
    at = image.end
    if (op === 'insert') changes.push({ before: null, after: image, row })
    else if (op === 'delete') changes.push({ before: image, after: null, row })
    else {
      const after = read(at, second)
      at = after.end
      // An after image leaves out what has not changed.
      const { text, bound } = after.text === '' ? image : after
      changes.push({ before: image, after: { ...after, text, bound }, row })
    }
  }
  return changes
}
