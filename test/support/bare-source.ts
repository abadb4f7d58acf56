import type { Happening } from '../../lib/model/observer.js'
import { BinlogSource } from '../../lib/mysql/binlog-source.js'
import { PositionTracker } from '../../lib/mysql/position-tracker.js'
import { PreparedTransactions } from '../../lib/mysql/prepared-transactions.js'
import type { StartPoint } from '../../lib/mysql/start-position.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { sourceAddressOf } from './source-address.js'

/** A source that reads one schema and hands its rows to nobody but `onRows`; what happened is in `seen`. */
export async function bareSource(
  server: ServerAddress,
  start: StartPoint,
  wanted: string,
  onRows: () => void,
): Promise<{ source: BinlogSource; tracker: PositionTracker; seen: Happening[] }> {
  const tracker = new PositionTracker(server.kind === 'mariadb', start.position, start.gtidSetKnown)
  const seen: Happening[] = []
  const source = new BinlogSource(
    {
      address: sourceAddressOf(server),
      serverId: 778,
      flavor: server.kind,
      heartbeatMs: 200,
      readTimeoutMs: 10_000,
      verifyChecksum: true,
      stopWaitMs: 0,
      wanted: schema => schema === wanted,
      follow: () => null,
      prepared: await PreparedTransactions.open('/nowhere', [], null),
    },
    tracker,
    {
      bind: () => undefined,
      rows: () => void onRows(),
      commit: () => undefined,
      tablesChanged: async () => undefined,
      full: false,
      room: async () => undefined,
    },
    happening => void seen.push(happening),
  )
  return { source, tracker, seen }
}
