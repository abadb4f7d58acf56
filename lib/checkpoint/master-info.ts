import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import toml from '@iarna/toml'
import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import { errorCode } from '../model/system-error.js'
import { replaceFile } from './replace-file.js'

/** What the file says; an operator may have left out or removed any line. */
export interface MasterInfo {
  readonly binName: string | null
  readonly binPos: number | null
  /** Null also when the file was edited by hand since it was saved: the set no longer belongs to the position. */
  readonly gtidSet: string | null
  readonly serverUuid: string | null
  readonly edited: boolean
  /** Null when the file does not say. */
  readonly epoch: number | null
}

/** What is saved. */
export interface SavedState {
  readonly position: Position
  /** Ordinal of the newest epoch that is in. */
  readonly epoch: number
}

/** `<data_dir>/master.info`: mysql-gp-sync's two lines, and what a restart on another server needs. */
export class MasterInfoFile {
  readonly path: string

  constructor(dataDir: string) {
    this.path = join(dataDir, 'master.info')
  }

  /** Null when there is no file. Rejects with positionUnreadable, naming what is wrong. */
  async load(): Promise<MasterInfo | null> {
    let text: string
    try {
      text = await readFile(this.path, 'utf8')
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return null
      throw new Failure('positionUnreadable', `${this.path}: ${(error as Error).message}`, { cause: error })
    }
    return parseMasterInfo(text, this.path)
  }

  /** Durable when it resolves; a crash leaves the old or the new file. Rejects with positionUnsaved. */
  async save(state: SavedState): Promise<void> {
    try {
      await replaceFile(this.path, renderMasterInfo(state))
    } catch (error) {
      throw new Failure('positionUnsaved', `${this.path}: ${(error as Error).message}`, { cause: error })
    }
  }
}

export function renderMasterInfo({ position, epoch }: SavedState): string {
  // A start by GTID set alone: the server tells the file with the first event.
  const { binName, binPos } = position.binName === '' ? { binName: null, binPos: 0 } : position
  return [
    ...(binName === null ? [] : [`bin_name = ${JSON.stringify(binName)}`, `bin_pos = ${binPos}`]),
    `gtid_set = ${JSON.stringify(position.gtidSet)}`,
    `server_uuid = ${JSON.stringify(position.serverUuid)}`,
    `epoch = ${epoch}`,
    `# gtid_set and epoch belong to the file and offset while this holds: ${digest({ ...position, binPos })}`,
    '',
  ].join('\n')
}

export function parseMasterInfo(text: string, path: string): MasterInfo {
  let values: Record<string, unknown>
  try {
    values = toml.parse(text)
  } catch (error) {
    throw new Failure(
      'positionUnreadable',
      `${path} is not readable as TOML: ${(error as Error).message.split('\n')[0]}`,
      { cause: error },
    )
  }
  const binName = optional(
    values.bin_name,
    isBinlogName,
    'bin_name',
    'a binlog file name like "mysql-bin.000005"',
    path,
  )
  const binPos = optional(values.bin_pos, isOffset, 'bin_pos', 'a whole number, 4 or more', path)
  const gtidSet = optional(values.gtid_set, isText, 'gtid_set', 'text', path)
  const serverUuid = optional(values.server_uuid, isText, 'server_uuid', 'text', path)
  if (binName === null && !gtidSet) {
    throw new Failure('positionUnreadable', `${path} names no position: bin_name and gtid_set are both missing.`)
  }
  const epoch = optional(values.epoch, isOrdinal, 'epoch', 'a whole number', path)
  const saved = /while this holds: ([0-9a-f]+)/.exec(text)?.[1]
  const edited = saved !== digest({ binName: binName ?? '', binPos: binPos ?? 0, gtidSet: gtidSet ?? '' })
  // With a file and offset given by hand, the old set would silently stand for other transactions; without them it is what was meant.
  const trusted = gtidSet !== null && (!edited || binName === null)
  return {
    binName,
    binPos,
    gtidSet: trusted && gtidSet !== '' ? gtidSet : null,
    serverUuid,
    edited,
    epoch,
  }
}

function digest(position: Pick<Position, 'binName' | 'binPos' | 'gtidSet'>): string {
  let sum = 0x811c9dc5
  for (const c of `${position.binName}:${position.binPos}:${position.gtidSet}`)
    sum = Math.imul(sum ^ c.codePointAt(0)!, 0x01000193)
  return (sum >>> 0).toString(16).padStart(8, '0')
}

function optional<T>(
  value: unknown,
  fits: (value: unknown) => value is T,
  key: string,
  what: string,
  path: string,
): T | null {
  if (value === undefined) return null
  if (!fits(value)) throw new Failure('positionUnreadable', `${path}: ${key} must be ${what}.`)
  return value
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isOrdinal(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isBinlogName(value: unknown): value is string {
  return typeof value === 'string' && /\.\d+$/.test(value) && !value.includes('/')
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 4
}
