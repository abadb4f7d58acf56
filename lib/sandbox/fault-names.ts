const OPS = ['streamLoad', 'begin', 'load', 'prepare', 'commit', 'rollback', 'state', 'cancel', 'alter'] as const

/** What a request asks for; `begin` to `rollback` are those of transactions, `state` is get_load_state, `alter` a schema change. */
export type FaultOp = (typeof OPS)[number]

interface FaultPoint {
  readonly usual: readonly FaultOp[]
  readonly also?: readonly FaultOp[]
  readonly valued?: true
}

const TRANSACTION = ['begin', 'load', 'prepare', 'commit', 'rollback'] as const
const BODIES = ['streamLoad', 'load'] as const
const COMMITS = ['streamLoad', 'commit'] as const
const OTHER_ENDS = ['begin', 'load', 'prepare', 'rollback'] as const

/**
 * The points where the sandbox can be made to misbehave as real clusters do: the operations a fault strikes when none is
 * named (`usual`), those it can be aimed at besides (`also`), and whether it carries a value: a bare number or text given
 * for such a fault is that value, valid until cleared.
 *
 * FE: `noBackendAlive` (answers that no node is alive), `unauthorized` (401), `followerRedirect` (one extra 307 to the FE
 * itself), `redirectTo` (value "host:port": the 307 points there), `feError` (500), `stateUnknown` (get_load_state answers
 * UNKNOWN), `leaderChange` (before the operation, everything only begun is forgotten: transactions over several tables,
 * transactions of one table that are not prepared, loads that run), `commitOkButAborted` (the commit of a transaction over
 * several tables answers OK and has rolled back, as 4.0 and 4.1.0 do).
 * BE: `slowContinueMs` (value: milliseconds before 100 Continue), `cutBody` (the socket is dropped in the middle of the
 * body: the load aborts), `runningTxnLimit`, `tooManyVersions`, `failedWith200` (value: the message).
 * Schema changes: `alterCancelled` (value: the reason; the statement is taken, its job ends CANCELLED), `holdAlter` (the
 * statement is taken, its job runs, and no other is taken for the table).
 * Both: `publishTimeout` (committed; the label stays COMMITTED until its state was asked once), `answerLost` (done, then
 * the socket is dropped), `garbageReply` (done, the answer is no JSON).
 * Holds last until the fault is cleared: `holdBegin` (before the label is taken), `holdContinue`, `holdBody` (the body is
 * there, nothing of it counts yet), `holdCommit` (nothing is committed yet), `holdAnswer` (all done but the answer).
 */
const POINTS = {
  noBackendAlive: { usual: ['streamLoad', 'begin', 'load'] },
  unauthorized: { usual: [...OPS] },
  followerRedirect: { usual: ['streamLoad', ...TRANSACTION, 'state'] },
  redirectTo: { usual: ['streamLoad', ...TRANSACTION], valued: true },
  feError: { usual: ['streamLoad', ...TRANSACTION], also: ['state'] },
  stateUnknown: { usual: ['state'] },
  leaderChange: { usual: ['load', 'commit'], also: ['begin', 'prepare', 'rollback', 'state'] },
  commitOkButAborted: { usual: ['commit'] },
  slowContinueMs: { usual: BODIES, valued: true },
  cutBody: { usual: BODIES },
  runningTxnLimit: { usual: ['streamLoad', 'begin'] },
  tooManyVersions: { usual: COMMITS, also: ['load', 'prepare'] },
  failedWith200: { usual: COMMITS, also: OTHER_ENDS, valued: true },
  publishTimeout: { usual: COMMITS },
  answerLost: { usual: COMMITS, also: OTHER_ENDS },
  garbageReply: { usual: COMMITS, also: [...OTHER_ENDS, 'state'] },
  holdBegin: { usual: ['streamLoad', 'begin'] },
  holdContinue: { usual: BODIES },
  holdBody: { usual: BODIES },
  holdCommit: { usual: COMMITS, also: ['prepare'] },
  holdAnswer: { usual: COMMITS, also: OTHER_ENDS },
  alterCancelled: { usual: ['alter'], valued: true },
  holdAlter: { usual: ['alter'] },
} as const satisfies Record<string, FaultPoint>

export type FaultName = keyof typeof POINTS

export const FAULTS: Readonly<Record<FaultName, FaultPoint>> = POINTS

export function isFaultOp(text: string): text is FaultOp {
  return OPS.some(op => op === text)
}
