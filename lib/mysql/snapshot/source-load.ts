import { Failure } from '../../model/failure.js'
import type { SourceSession } from '../session.js'

export interface SourceLoad {
  /** Threads that run a statement now, this session's own included. */
  readonly threadsRunning: number
  /** Seconds the server lags behind the one it replicates from; Infinity: replication is stopped; null: it is no replica. */
  readonly replicaLagS: number | null
}

/** How busy the server is at this moment. Rejects as the session's queries do. */
export async function readSourceLoad(_session: SourceSession): Promise<SourceLoad> {
  throw new Failure('internal', 'not there yet')
}
