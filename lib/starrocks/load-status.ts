import { classifyText, excerpt, parseAnswerFields, textField } from './answer-text.js'

/** What an answer to a load means. Only `done` says that rows are durable. */
export type LoadVerdict =
  /** Counts are null when the answer has none. */
  | {
      readonly kind: 'done'
      readonly rows: number | null
      readonly filtered: number | null
      readonly visible: boolean
      readonly message: string
    }
  | { readonly kind: 'existing'; readonly job: 'running' | 'finished' }
  | { readonly kind: 'busy'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'denied'; readonly message: string }
  | {
      readonly kind: 'rowsRejected'
      readonly message: string
      readonly filtered: number | null
      readonly errorUrl: string | null
    }
  | { readonly kind: 'rejected'; readonly message: string }
  /** The answer does not tell whether the load was committed: the label's state must be asked. */
  | { readonly kind: 'unknown'; readonly message: string }

export const LABEL_STATES = ['UNKNOWN', 'PREPARE', 'PREPARED', 'COMMITTED', 'VISIBLE', 'ABORTED'] as const
export type LabelState = (typeof LABEL_STATES)[number]

export type LoadStateVerdict =
  | { readonly kind: 'state'; readonly state: LabelState; readonly reason: string }
  | {
      readonly kind: 'busy' | 'unreachable' | 'denied' | 'rejected' | 'unknown'
      readonly message: string
    }

/**
 * The verdict on the answer to a `_stream_load` request. HTTP 200 says nothing by itself: StarRocks answers failures with
 * it too, in two shapes (`Status`/`Message` and `status`/`msg`) and with any Content-Type. Success is `Success` or
 * `Publish Timeout` (committed, visible later) with HTTP 200, and nothing else.
 */
export function parseLoadAnswer(text: string, httpStatus: number): LoadVerdict {
  if (httpStatus === 401 || httpStatus === 403) return { kind: 'denied', message: describe(text, httpStatus) }
  const fields = parseAnswerFields(text)
  if (fields === null) return refusalWithoutJson(text, httpStatus)
  const status = textField(fields, 'status')
  const message = excerpt(textField(fields, 'message', 'msg'))
  const filtered = count(fields, 'numberfilteredrows')
  switch (status.toLowerCase().replaceAll('_', ' ')) {
    case 'success':
    case 'publish timeout':
      if (httpStatus !== 200) return { kind: 'unknown', message: `"${status}" came with HTTP ${httpStatus}` }
      return {
        kind: 'done',
        rows: count(fields, 'numberloadedrows'),
        filtered,
        visible: status.toLowerCase() === 'success',
        message,
      }
    case 'label already exists': {
      const job = textField(fields, 'existingjobstatus').toLowerCase()
      return { kind: 'existing', job: job === 'finished' ? 'finished' : 'running' }
    }
    case 'fail':
    case 'failed': {
      const verdict = refusal(message === '' ? describe(text, httpStatus) : message, filtered, errorUrl(fields))
      // A server error without a known text says nothing of the load itself.
      return verdict.kind === 'rejected' && httpStatus >= 500 ? { kind: 'unknown', message: verdict.message } : verdict
    }
    default:
      return { kind: 'unknown', message: describe(text, httpStatus) }
  }
}

/** The verdict on the answer to `GET /api/{db}/get_load_state`: {"state":"VISIBLE","status":"OK",…}. */
export function parseLoadState(text: string, httpStatus: number): LoadStateVerdict {
  if (httpStatus === 401 || httpStatus === 403) return { kind: 'denied', message: describe(text, httpStatus) }
  const fields = parseAnswerFields(text)
  if (fields === null || httpStatus !== 200) return { kind: 'unknown', message: describe(text, httpStatus) }
  const status = textField(fields, 'status').toUpperCase()
  const state = textField(fields, 'state').toUpperCase()
  const known = LABEL_STATES.find(candidate => candidate === state)
  if (known !== undefined && (status === 'OK' || status === ''))
    return { kind: 'state', state: known, reason: excerpt(textField(fields, 'reason')) }
  if (status === 'OK' || status === '') return { kind: 'unknown', message: describe(text, httpStatus) }
  const message = excerpt(textField(fields, 'message', 'msg'))
  const kind = classifyText(message)
  return {
    kind: kind === 'rowsRejected' ? 'rejected' : kind === 'uncertain' ? 'unknown' : kind,
    message: message === '' ? describe(text, httpStatus) : message,
  }
}

function refusal(message: string, filtered: number | null, url: string | null): LoadVerdict {
  // The label may have become someone else's finished work between begin and this answer, so the state decides.
  if (/has already been used/i.test(message)) return { kind: 'existing', job: 'running' }
  const kind = classifyText(message)
  if (kind === 'rowsRejected' || (kind === 'rejected' && (filtered ?? 0) > 0))
    return { kind: 'rowsRejected', message, filtered, errorUrl: url }
  if (kind === 'uncertain') return { kind: 'unknown', message }
  return { kind, message }
}

function refusalWithoutJson(text: string, httpStatus: number): LoadVerdict {
  const message = describe(text, httpStatus)
  return httpStatus >= 400 && httpStatus < 500 ? { kind: 'rejected', message } : { kind: 'unknown', message }
}

function describe(text: string, httpStatus: number): string {
  const shown = excerpt(text, 200)
  return shown === '' ? `HTTP ${httpStatus} with an empty answer` : `HTTP ${httpStatus}: ${shown}`
}

function count(fields: ReadonlyMap<string, unknown>, name: string): number | null {
  const value = fields.get(name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

function errorUrl(fields: ReadonlyMap<string, unknown>): string | null {
  const url = textField(fields, 'errorurl')
  return url === '' ? null : url
}
