import { BinlogDecoder, type DecoderOptions } from '../binlog/decoder.js'
import type { BinlogEvent } from '../binlog/event.js'
import { Failure } from '../model/failure.js'
import { RECORD, type SpoolRecord } from './xa-spool.js'

/** So many transactions share what is remembered of table maps. */
const TRANSACTIONS_PER_DECODER = 1000

/** Decodes the events of spooled XA transactions. */
export class XaReader {
  readonly #options: DecoderOptions
  #decoder: BinlogDecoder
  #transactions = 0

  constructor(options: Pick<DecoderOptions, 'wanted' | 'flavor'>) {
    this.#options = { ...options, verifyChecksum: false }
    this.#decoder = new BinlogDecoder(this.#options)
  }

  /**
   * Table maps, rows and skipped rows; each is valid until the next one is asked for.
   * Throws notDecodable, and preparedRowsLost when a table is wanted now that was not when its rows were read.
   */
  async *events(
    xid: string,
    committedBehind: string,
    records: AsyncIterable<SpoolRecord>,
  ): AsyncGenerator<BinlogEvent> {
    if (this.#transactions++ % TRANSACTIONS_PER_DECODER === 0) this.#decoder = new BinlogDecoder(this.#options)
    const within = `the XA transaction ${xid}, committed behind ${committedBehind},`
    const tables = new Set<string>()
    for await (const { kind, content } of records) {
      if (kind === RECORD.skipped && tables.size > 0 && this.#isWantedNow(content, within)) {
        throw new Failure(
          'preparedRowsLost',
          `The XA transaction ${xid} was prepared when one of the tables ${[...tables].join(', ')} was not followed, and is committed now that it is: its rows of that table were not kept.`,
        )
      }
      const event = this.#decoder.decodeInner(content, 0, within)
      if (event.kind === 'tableMap' && event.map !== null) tables.add(`${event.map.schema}.${event.map.table}`)
      yield event
    }
  }

  /** The table of a rows event of which only the head was kept. */
  #isWantedNow(content: Buffer, within: string): boolean {
    try {
      return this.#decoder.decodeInner(content, 0, within).kind !== 'skippedRows'
    } catch (error) {
      if (error instanceof Failure) return true
      throw error
    }
  }
}
