/** StatusCode.thrift, as far as transaction operations answer with it. */
export type TransactionStatus =
  | 'OK'
  | 'LABEL_ALREADY_EXISTS'
  | 'TXN_NOT_EXISTS'
  | 'TXN_IN_PROCESSING'
  | 'INVALID_ARGUMENT'
  | 'ABORTED'
  | 'INTERNAL_ERROR'
  | 'ANALYSIS_ERROR'
  | 'PUBLISH_TIMEOUT'

/** A transaction operation that is refused: what the BE answers as `Status` and `Message`; the FE says FAILED instead of most. */
export class TransactionRefusal extends Error {
  readonly status: TransactionStatus
  /** `ExistingJobStatus`, with LABEL_ALREADY_EXISTS. */
  readonly existing: string

  constructor(status: TransactionStatus, message: string, existing = '') {
    super(message)
    this.name = 'TransactionRefusal'
    this.status = status
    this.existing = existing
  }
}
