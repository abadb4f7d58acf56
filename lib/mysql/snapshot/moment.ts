import { comparePositions, type Position } from '../../model/position.js'

/**
 * Up to where a read of rows saw the source: everything it saw lies at or before this place of the binlog.
 * `exact`: and everything up to there was seen.
 */
export class Moment {
  /** The server whose binlog `binName` and `binPos` are of. */
  readonly serverUuid: string
  readonly binName: string
  readonly binPos: number
  /** MySQL: the set of what may have been seen; MariaDB: the last GTID of each domain. Null: the server has no GTIDs. */
  readonly gtidSet: string | null
  readonly exact: boolean

  constructor(place: Omit<Moment, 'reachedBy'>) {
    this.serverUuid = place.serverUuid
    this.binName = place.binName
    this.binPos = place.binPos
    this.gtidSet = place.gtidSet
    this.exact = place.exact
  }

  /** Whether a stream that stands at `position` has passed everything the read may have seen. */
  reachedBy(position: Position): boolean {
    return comparePositions(position, this) >= 0
  }
}
