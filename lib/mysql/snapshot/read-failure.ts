import { Failure } from '../../model/failure.js'
import { sourceFailure } from '../session.js'
import { ProbeOver } from './rate-probe.js'
import { ChunkTooLarge } from './read-chunk.js'

/**
 * What ends one read and not the next: 1053 shutdown, 1205 lock wait, 1213 deadlock, 1317 and 1927 and 3169 killed, 1412 table changed
 * since the snapshot, 1969 and 3024 time limits, 4031 idle.
 */
const PASSING = new Set([1053, 1205, 1213, 1317, 1412, 1927, 1969, 3024, 3169, 4031])
/** 1054 no such column, 1146 no such table, 1051: the table was altered and the stream has not come to it. */
const ALTERED = new Set([1051, 1054, 1146])

/** Why a read of `table` failed, as a Failure; ChunkTooLarge and ProbeOver go through as they are. */
export function readFailure(error: unknown, table: string): unknown {
  if (error instanceof ChunkTooLarge || error instanceof ProbeOver) return error
  const said = error as { readonly errno?: number; readonly message?: string; readonly code?: string }
  const text = said.message || said.code || String(error)
  if (said.errno !== undefined && ALTERED.has(said.errno))
    return new Failure('readInterrupted', `${table} cannot be read as the stream knows it: ${text}.`, {
      cause: error,
      advice: 'The table was altered, renamed or dropped; it is read again once the stream has come to that statement.',
    })
  if (error instanceof Failure && error.kind !== 'sourceUnreachable' && error.kind !== 'streamBroken') {
    const cause = error.cause as { readonly errno?: number } | undefined
    return cause?.errno !== undefined && cause !== error && (PASSING.has(cause.errno) || ALTERED.has(cause.errno))
      ? readFailure(cause, table)
      : error
  }
  // Neither the server nor the network: a defect of ours, to be seen as one.
  if (said.errno === undefined && said.code === undefined && !(error instanceof Failure)) return error
  const isPassing = said.errno === undefined || said.errno < 1000 || PASSING.has(said.errno)
  if (isPassing) return new Failure('readInterrupted', `Reading ${table} was cut off: ${text}`, { cause: error })
  return sourceFailure(error, `the source (${table})`)
}
