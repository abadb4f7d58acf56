import { comparePositions, type Position } from '../../model/position.js'
import { includesGtids } from '../gtid-set.js'

interface MomentPlace {
  /** The server whose binlog `binName` and `binPos` are of, as `Position.serverUuid`. */
  readonly serverUuid: string
  readonly binName: string
  readonly binPos: number
  /** MySQL: the set of what may have been seen; MariaDB: the last GTID of each domain. Null: the server has no GTIDs. */
  readonly gtidSet: string | null
  readonly mariadb: boolean
  /** Not only does everything that was seen lie at or before this place: everything up to there was seen. */
  readonly exact: boolean
}

/** Up to where a read of rows saw the source: everything it saw lies at or before this place of the binlog. */
export class Moment {
  readonly serverUuid: string
  readonly binName: string
  readonly binPos: number
  readonly gtidSet: string | null
  readonly mariadb: boolean
  readonly exact: boolean

  constructor(place: MomentPlace) {
    this.serverUuid = place.serverUuid
    this.binName = place.binName
    this.binPos = place.binPos
    this.gtidSet = place.gtidSet
    this.mariadb = place.mariadb
    this.exact = place.exact
  }

  /**
   * Whether a stream that stands at `position`, between two transactions, has passed everything the read may have seen. By file and
   * offset when the stream is of the server that was read, else by GTIDs.
   */
  reachedBy(position: Position): boolean {
    if (position.serverUuid === this.serverUuid) return comparePositions(position, this) >= 0
    return this.gtidSet !== null && includesGtids(this.mariadb, position.gtidSet, this.gtidSet)
  }

  /** For messages: "mbin.000003:17" of the server that is streamed, else the GTIDs. */
  toString(): string {
    return this.binName === '' ? (this.gtidSet ?? '') : `${this.binName}:${this.binPos}`
  }
}
