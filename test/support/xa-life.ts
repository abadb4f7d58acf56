import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import type { Position } from '../../lib/model/position.js'
import { PositionTracker } from '../../lib/mysql/position-tracker.js'
import { PreparedTransactions } from '../../lib/mysql/prepared-transactions.js'
import { StreamReader } from '../../lib/mysql/stream-reader.js'
import { rotate } from './binlog-builder.js'
import { positionAt } from './happenings.js'

const FILE = 'mysql-bin.000005'
export const START: Position = positionAt(100)

/** What a life handed on: rows, and where transactions ended. */
export interface Note {
  readonly row?: number
  readonly place?: string
  readonly commit?: Position
}

export interface LifeOptions {
  readonly flavor: 'mysql' | 'mariadb'
  readonly wanted?: (schema: string) => boolean
  /** Folder of a stream that has read what lies before. */
  readonly others?: string
  /** Fails the `n`th time, counted from 1, that room is asked for. */
  readonly failsAtRoom?: number
}

/** One run of an engine's reading half over bytes. */
export class XaLife {
  readonly notes: Note[] = []
  readonly prepared: PreparedTransactions
  readonly reader: StreamReader
  readonly #options: Required<Pick<LifeOptions, 'flavor' | 'wanted'>>

  private constructor(prepared: PreparedTransactions, start: Position, options: LifeOptions) {
    const { flavor, wanted = schema => schema === 's' } = options
    this.#options = { flavor, wanted }
    this.prepared = prepared
    const tracker = new PositionTracker(flavor === 'mariadb', start, false)
    let rooms = 0
    this.reader = new StreamReader({ flavor, wanted, follow: () => null, prepared }, tracker, {
      bind: () => undefined,
      rows: (event, place) => {
        const row = event.buffer[event.at + 1]!
        this.notes.push({ row, place: `${place.binName}:${place.binPos}:${place.event}` })
      },
      commit: () => void this.notes.push({ commit: tracker.position() }),
      tablesChanged: async () => undefined,
      full: true,
      room: async () => {
        if (++rooms === options.failsAtRoom) throw Object.assign(new Error('cut'), { cut: true })
      },
    })
  }

  static async begin(folder: string, start: Position, options: LifeOptions): Promise<XaLife> {
    return new XaLife(await PreparedTransactions.open(folder, [start], options.others ?? null), start, options)
  }

  /** A connection that sends what lies behind `from`. */
  async read(events: readonly Buffer[], from: Position = START): Promise<void> {
    const { flavor, wanted } = this.#options
    const decoder = new BinlogDecoder({ flavor, wanted, verifyChecksum: true })
    for (const bytes of [rotate(FILE, from.binPos), ...events]) {
      const logPos = bytes.readUInt32LE(13)
      if (logPos !== 0 && logPos <= from.binPos) continue
      const event = decoder.decode(bytes, 0, bytes.length)
      await this.reader.take(event, event.logPos, { buffer: bytes, start: 0, end: decoder.bodyEnd })
    }
  }

  /** What is in the target when the position saved last is this one. */
  rowsUpTo(binPos: number): number[] {
    const end = this.notes.findLastIndex(note => note.commit?.binPos === binPos)
    return this.notes.slice(0, end + 1).flatMap(note => note.row ?? [])
  }

  get rows(): number[] {
    return this.notes.flatMap(note => note.row ?? [])
  }

  get commits(): Position[] {
    return this.notes.flatMap(note => note.commit ?? [])
  }
}
