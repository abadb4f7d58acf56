import { GtidSet, MariadbGtidPosition } from '@vlasky/zongji'
import { Failure } from '../model/failure.js'

/** `set` plus the transactions `first` to `last` of one source ("uuid" or "uuid:tag"), in canonical text; holes stay holes. */
export function addGtidRun(set: string, source: string, first: bigint, last: bigint): string {
  const run = `${source}:${first}-${last}`
  return canonicalGtidSet(set === '' ? run : `${set},${run}`)
}

/** A MySQL GTID set in canonical text. Throws positionUnreadable for text that is none. */
export function canonicalGtidSet(set: string): string {
  return readable(() => GtidSet.parse(set).toString())
}

/** A MariaDB GTID position with the last GTID of some domains replaced. */
export function moveMariadbPosition(position: string, lastGtids: Iterable<string>): string {
  return readable(() => {
    const moved = MariadbGtidPosition.parse(position)
    for (const gtid of lastGtids) {
      const [domainId, serverId, seqNo] = gtid.split('-')
      moved.add({ domainId: Number(domainId), serverId: Number(serverId), seqNo: seqNo ?? '' })
    }
    return moved.toString()
  })
}

function readable(read: () => string): string {
  try {
    return read()
  } catch (error) {
    throw new Failure('positionUnreadable', `gtid_set cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
