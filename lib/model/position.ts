/**
 * A place between two transactions in a source server's binlog.
 * `binName`/`binPos` name the byte behind the last whole transaction; `gtidSet` is everything executed up to there
 * (MySQL "uuid:1-5,…", MariaDB "0-1-100,…", empty when the server has no GTIDs or the set is not known).
 */
export interface Position {
  readonly binName: string
  readonly binPos: number
  readonly gtidSet: string
  /** `@@server_uuid` on MySQL; on MariaDB, which has none, the engine's own "mariadb-<server_id>" form. */
  readonly serverUuid: string
}

/** Orders two positions of one server by file, then offset. File numbers are compared as numbers (they pass 999999). */
export function comparePositions(
  a: Pick<Position, 'binName' | 'binPos'>,
  b: Pick<Position, 'binName' | 'binPos'>,
): number {
  if (a.binName === b.binName) return a.binPos - b.binPos
  const files = fileNumber(a.binName) - fileNumber(b.binName)
  return files !== 0 ? files : a.binPos - b.binPos
}

/** "mysql-bin.000005:708735", the form used in every message. */
export function formatPosition(position: Pick<Position, 'binName' | 'binPos'>): string {
  return `${position.binName}:${position.binPos}`
}

/** The name of its file without the number. Positions of files that are named otherwise cannot be compared. */
export function binlogSeries({ binName }: Pick<Position, 'binName'>): string {
  return binName.slice(0, binName.lastIndexOf('.'))
}

function fileNumber(binName: string): number {
  return Number(binName.slice(binName.lastIndexOf('.') + 1))
}
