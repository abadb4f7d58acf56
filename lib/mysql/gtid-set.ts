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

function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Failure('positionUnreadable', `gtid_set cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Whether every transaction of `part` lies in `set`. MariaDB: whether each domain of `part` has come as far, whichever server wrote
 * its last transaction. Throws positionUnreadable.
 */
export function includesGtids(mariadb: boolean, set: string, part: string): boolean {
  if (part === '') return true
  if (!mariadb) return canonicalGtidSet(set === '' ? part : `${set},${part}`) === canonicalGtidSet(set)
  const reached = lastOfDomains(set)
  return [...lastOfDomains(part)].every(([domain, last]) => (reached.get(domain) ?? -1n) >= last)
}

function lastOfDomains(position: string): Map<string, bigint> {
  const gtids = readable(() => MariadbGtidPosition.parse(position)).toString()
  const parts = gtids.split(',').map(gtid => gtid.split('-'))
  return new Map(parts.filter(part => part.length === 3).map(([domain, , last]) => [domain!, BigInt(last!)]))
}
