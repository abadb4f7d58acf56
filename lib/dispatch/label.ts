import { crc32 } from 'node:zlib'
import type { Position } from '../model/position.js'
import type { TargetTable } from '../model/schema.js'
import { targetName } from '../model/schema.js'

/** Where in an epoch a load stands. */
export interface LoadPlace {
  /** Position the epoch starts behind; empty binName for a start from the beginning of the binlog. */
  readonly start: Position
  readonly target: TargetTable
  readonly lane: number
  /** Ordinal of the load within epoch, target and lane. */
  readonly part: number
}

/**
 * The label of a load: the same place and the same bytes give the same label, in this run and the next; anything else
 * gives another. So a label that StarRocks has already committed always means "these very rows are in".
 * StarRocks allows `[-\w]{1,128}` (FE FeNameFormat, label regex).
 */
export function renderLabel(base: string, place: LoadPlace, body: readonly Uint8Array[], bytes: number): string {
  let sum = crc32('')
  for (const piece of body) sum = crc32(piece, sum)
  const file = place.start.binName.slice(place.start.binName.lastIndexOf('.') + 1) || '0'
  const target = hex(crc32(targetName(place.target)))
  return `${base}_${file}_${place.start.binPos}_${target}_${place.lane}_${place.part}_${bytes.toString(36)}_${hex(sum)}`
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0')
}
