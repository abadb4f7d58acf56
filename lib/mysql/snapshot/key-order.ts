import type { KeyBound } from '../../model/chunk.js'
import { Failure } from '../../model/failure.js'
import type { TableSchema } from '../../model/schema.js'
import type { SourceAddress } from '../session.js'

/** The order of a table's keys: integers, bytes and dates are compared here, everything else by the source. */
export class KeyOrder {
  static async open(_address: SourceAddress, _schema: TableSchema): Promise<KeyOrder> {
    throw new Failure('internal', 'not there yet')
  }
  /** Whether the key lies at or before the bound. */
  isAtMost(_key: KeyBound, _bound: KeyBound): boolean | Promise<boolean> {
    throw new Failure('internal', 'not there yet')
  }
  /** The same for many keys, in one round trip for a few hundred of them. */
  areAtMost(_keys: readonly KeyBound[], _bound: KeyBound): Promise<boolean[]> {
    throw new Failure('internal', 'not there yet')
  }
  async close(): Promise<void> {}
}
