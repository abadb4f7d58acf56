import type { ChunkRange, KeyBound } from '../model/chunk.js'
import type { AdmittedChunk, CopyRecord } from '../model/copy-record.js'
import type { Position } from '../model/position.js'

const FORMAT = 1
const STATES = new Set<unknown>(['waiting', 'copying', 'copied', 'followed'])
const REASONS = new Set<unknown>(['initial', 'added', 'positionLost', 'ordered', 'renamed', 'created', 'before'])
const MODES = new Set<unknown>(['atOnce', 'behindFrontier', null])

/** What the text of state.json says. Throws an Error that names what is wrong. */
export function parseSnapshot(text: string): {
  readonly tables: readonly CopyRecord[]
  readonly admitted: readonly AdmittedChunk[]
} {
  const { format, tables, admitted } = Object(JSON.parse(text)) as Record<string, unknown>
  if (format !== FORMAT) throw new Error(`it is not of format ${FORMAT}`)
  if (!Array.isArray(tables) || !tables.every(isCopy)) throw new Error('a table in it is not as it was written')
  if (!Array.isArray(admitted) || !admitted.every(isChunk)) throw new Error('a chunk in it is not as it was written')
  return { tables, admitted }
}

function isCopy(value: unknown): value is CopyRecord {
  const { schema, table, state, reason, where, targets, key, frontier, rows, bytes, epoch, deadRows, mode, sinceMs } =
    Object(value) as Partial<CopyRecord>
  return (
    [schema, table].every(isText) &&
    STATES.has(state) &&
    REASONS.has(reason) &&
    (where === null || isText(where)) &&
    [targets, key].every(isTexts) &&
    (frontier === null || isTexts(frontier)) &&
    [rows, bytes, epoch, sinceMs].every(isCount) &&
    typeof deadRows === 'boolean' &&
    MODES.has(mode)
  )
}

function isChunk(value: unknown): value is AdmittedChunk {
  const { schema, table, epoch, position, range, rows, bytes, spool } = Object(value) as Partial<AdmittedChunk>
  const { after, upTo } = Object(range) as Partial<ChunkRange>
  return (
    [schema, table].every(isText) &&
    [epoch, rows, bytes].every(isCount) &&
    isPosition(position) &&
    [after, upTo].every(bound => bound === null || isTexts(bound)) &&
    (spool === null || isText(spool))
  )
}

function isPosition(value: unknown): value is Position {
  const { binName, binPos, gtidSet, serverUuid } = Object(value) as Partial<Position>
  return [binName, gtidSet, serverUuid].every(isText) && isCount(binPos)
}

function isTexts(value: unknown): value is KeyBound {
  return Array.isArray(value) && value.every(isText)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
