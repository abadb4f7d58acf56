import { crc32 } from 'node:zlib'
import type { Position } from '../model/position.js'
import type { TargetTable } from '../model/schema.js'
import { targetName } from '../model/schema.js'

/** Where in an epoch a load stands. */
export interface LoadPlace {
  /** Position the epoch starts behind; empty binName for a start from the beginning of the binlog. */
  readonly start: Position
  readonly target: TargetTable
  /** Which of the target's bodies: a lane, or "f" for a load that holds those of several lanes. */
  readonly lane: number | 'f'
  /** Ordinal of the load within epoch, target and lane. */
  readonly part: number
  readonly columns: string
}

/**
 * The label of a load: the same place and the same bytes give the same label, in this run and when the epoch is read
 * again; anything else gives another. So a label that StarRocks has already committed always means "these very rows are in".
 * StarRocks allows `[-\w]{1,128}` (FE FeNameFormat, label regex).
 */
export function renderLabel(base: string, place: LoadPlace, body: readonly Uint8Array[], bytes: number): string {
  let sum = crc32(place.columns)
  for (const piece of body) sum = crc32(piece, sum)
  const file = place.start.binName.slice(place.start.binName.lastIndexOf('.') + 1) || '0'
  const target = hex(crc32(targetName(place.target)))
  return `${base}_${file}_${place.start.binPos}_${target}_${place.lane}_${place.part}_${bytes.toString(36)}_${hex(sum)}`
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0')
}
