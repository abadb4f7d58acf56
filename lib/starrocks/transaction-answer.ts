import { classifyText, excerpt, parseAnswerFields, textField } from './answer-text.js'

/**
 * What an answer of `/api/transaction/*` means. Only `ok` says that the step was done; for a commit not even that: 4.0.x and
 * 4.1.0 answer OK for a multi-table commit that failed.
 */
export type TransactionVerdict =
  | { readonly kind: 'ok' }
  /** The label belongs to another transaction, or to an earlier begin of this one. */
  | { readonly kind: 'labelTaken'; readonly message: string }
  /** Another request of this transaction is running; nothing was done. */
  | { readonly kind: 'inProcess'; readonly message: string }
  /** A commit or an abort is under way, which decides; a rollback can be answered OK before that (`rollback pending`). */
  | { readonly kind: 'ending'; readonly message: string }
  /** Who answered knows no such transaction: it ended, or the leader changed. */
  | { readonly kind: 'forgotten'; readonly message: string }
  | { readonly kind: 'aborted' | 'committed'; readonly message: string }
  | { readonly kind: 'busy' | 'unreachable' | 'denied' | 'rejected'; readonly message: string }
  | {
      readonly kind: 'rowsRejected'
      readonly message: string
      readonly filtered: number | null
      readonly errorUrl: string | null
    }
  /** The answer does not tell whether the step was done. */
  | { readonly kind: 'unknown'; readonly message: string }

/** Texts of TransactionResult and StreamLoadMultiStmtTask (FE), transaction_stream_load.cpp (BE), 2.5 to 4.1, in order. */
const TEXTS: readonly (readonly [RegExp, 'ending' | 'aborted' | 'committed' | 'forgotten' | 'inProcess'])[] = [
  [/during committing|is already committing/i, 'ending'],
  [/can not abort (?:committed|visible) transaction/i, 'committed'],
  [/can not commit (?:aborted|cancelled) transaction|current transaction is aborted|has already aborted/i, 'aborted'],
  [/stream load task \S+ (?:has already been cancelled|is aborting)|transaction \d+ is aborting/i, 'aborted'],
  [/transaction is in processing/i, 'inProcess'],
  [/transaction with label \S+ not exists?/i, 'forgotten'],
  [/stream load task.*does not exist/i, 'forgotten'],
  [/label \S+ has no backend/i, 'forgotten'],
  [/no transaction found (?:with|by)/i, 'forgotten'],
]

/** Rollbacks that are answered OK while the abort is yet to be done, and may find the transaction committed. */
const PENDING = /rollback pending|abort is already in progress/i

/** Status names that decide by themselves; thrift's TStatusCode on BEs. */
const STATUSES: Readonly<Record<string, 'labelTaken' | 'inProcess' | 'forgotten' | 'busy' | 'unknown'>> = {
  LABEL_ALREADY_EXISTS: 'labelTaken',
  TXN_NOT_EXISTS: 'forgotten',
  TXN_IN_PROCESSING: 'inProcess',
  RESOURCE_BUSY: 'busy',
  MEM_LIMIT_EXCEEDED: 'busy',
  SERVICE_UNAVAILABLE: 'busy',
  TOO_MANY_TASKS: 'busy',
  TIMEOUT: 'unknown',
  PUBLISH_TIMEOUT: 'unknown',
}

/** Status names of answers that refuse; their text tells why. */
const REFUSALS = new Set([
  'FAILED',
  'FAIL',
  'INTERNAL_ERROR',
  'INVALID_ARGUMENT',
  'ANALYSIS_ERROR',
  'DATA_QUALITY_ERROR',
  'NOT_AUTHORIZED',
  'NOT_FOUND',
  'NOT_IMPLEMENTED_ERROR',
])

/**
 * The verdict on an answer of `/api/transaction/{begin,load,prepare,commit,rollback}` by an FE or a BE: `Status`/`Message` in
 * any case, any Content-Type, HTTP 200 for failures too. `ok` is Status OK with HTTP 200 and nothing else.
 */
export function parseTransactionAnswer(text: string, httpStatus: number): TransactionVerdict {
  const shown = describe(text, httpStatus)
  if (httpStatus === 401 || httpStatus === 403) return { kind: 'denied', message: shown }
  const fields = parseAnswerFields(text)
  if (fields === null) return { kind: httpStatus >= 400 && httpStatus < 500 ? 'rejected' : 'unknown', message: shown }
  const status = textField(fields, 'status').toUpperCase().replaceAll(' ', '_')
  const words = textField(fields, 'message', 'msg')
  const message = words === '' ? shown : excerpt(words)
  if (status === 'OK' && httpStatus !== 200) return { kind: 'unknown', message: shown }
  if (status === 'OK') return PENDING.test(words) ? { kind: 'ending', message } : { kind: 'ok' }
  const named = STATUSES[status]
  if (named !== undefined) return { kind: named, message }
  const told = TEXTS.find(([pattern]) => pattern.test(words))
  if (told !== undefined) return { kind: told[1], message }
  if (/label \S+ has already been used/i.test(words)) return { kind: 'labelTaken', message }
  if (status === 'ABORTED') return { kind: 'aborted', message }
  const kind = status === 'DATA_QUALITY_ERROR' ? 'rowsRejected' : classifyText(words)
  switch (kind) {
    case 'uncertain':
      return { kind: 'unknown', message }
    case 'rowsRejected':
      return { kind, message, filtered: count(fields), errorUrl: errorUrl(fields, words) }
    case 'rejected':
      return { kind: REFUSALS.has(status) && httpStatus < 500 ? 'rejected' : 'unknown', message }
    default:
      return { kind, message }
  }
}

/** The same from the reason for which a label was aborted; null when it says nothing of rows. */
export function rejectionIn(reason: string): Extract<TransactionVerdict, { kind: 'rowsRejected' }> | null {
  if (classifyText(reason) !== 'rowsRejected') return null
  return { kind: 'rowsRejected', message: excerpt(reason), filtered: null, errorUrl: errorUrl(new Map(), reason) }
}

function describe(text: string, httpStatus: number): string {
  const shown = excerpt(text, 200)
  return shown === '' ? `HTTP ${httpStatus} with an empty answer` : `HTTP ${httpStatus}: ${shown}`
}

function count(fields: ReadonlyMap<string, unknown>): number | null {
  const value = fields.get('numberfilteredrows')
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** BEs have a field for it; multi-table commits put it into the text: `…, tracking_url: http://…`. */
function errorUrl(fields: ReadonlyMap<string, unknown>, words: string): string | null {
  const url = textField(fields, 'errorurl', 'trackingurl')
  if (url !== '') return url
  return /tracking[_ ]?url[:=]\s*(https?:\/\/[^\s,;"'(){}]+)/i.exec(words)?.[1] ?? null
}
