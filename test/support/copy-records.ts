import type { AdmittedChunk, CopyRecord } from '../../lib/model/copy-record.js'
import { positionAt } from './happenings.js'

export function copyRecord(table: string, about: Partial<CopyRecord> = {}): CopyRecord {
  return {
    schema: 'shop',
    table,
    state: 'waiting',
    reason: 'initial',
    where: null,
    targets: [`demo.${table}`],
    key: ['id int '],
    frontier: null,
    rows: 0,
    bytes: 0,
    epoch: 0,
    deadRows: false,
    mode: null,
    sinceMs: 1,
    ...about,
  }
}

/** A chunk of so many rows with keys up to a number; null: to the end. */
export function admittedChunk(
  table: string,
  epoch: number,
  upTo: number | null,
  about: Partial<AdmittedChunk> = {},
): AdmittedChunk {
  return {
    schema: 'shop',
    table,
    epoch,
    position: positionAt(100),
    range: { after: null, upTo: upTo === null ? null : [String(upTo)] },
    rows: 10,
    bytes: 100,
    spool: null,
    ...about,
  }
}
