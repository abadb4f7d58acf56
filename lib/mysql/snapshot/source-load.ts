import type { SourceSession } from '../session.js'
import { replicaStatus } from './replica-check.js'

export interface SourceLoad {
  /** Threads that run a statement now, this session's own included. */
  readonly threadsRunning: number
  /** Seconds the server lags behind the one it replicates from; Infinity: replication is stopped; null: it is no replica. */
  readonly replicaLagS: number | null
}

/** How busy the server is at this moment. Rejects as the session's queries do. */
export async function readSourceLoad(session: SourceSession): Promise<SourceLoad> {
  const [row] = await session.query("SHOW GLOBAL STATUS LIKE 'Threads_running'")
  const lags = (await replicaStatus(session)).map(status => {
    const lag = status.Seconds_Behind_Source ?? status.Seconds_Behind_Master ?? null
    return lag === null ? Number.POSITIVE_INFINITY : Number(lag)
  })
  return { threadsRunning: Number(row?.Value ?? 0), replicaLagS: lags.length === 0 ? null : Math.max(...lags) }
}
