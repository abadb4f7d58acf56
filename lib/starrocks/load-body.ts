import { Failure } from '../model/failure.js'
import type { LoadSemantics } from '../model/rule-load.js'
import { targetName } from '../model/schema.js'

/** FE `http_max_header_size`: all header lines together (8192 in 3.0, 32768 in every other version). */
const FE_HEADER_BYTES = 32_768
/** Kept free for the request line, Host, Authorization, Expect, Content-Length and Connection. */
const RESERVED_BYTES = 4096
const LABEL = /^[-\w]{1,128}$/

/** What the headers tell of a load; the dispatcher's `Load` is one. */
export interface LoadFacts {
  readonly label: string
  readonly target: { readonly database: string; readonly table: string }
  readonly format: 'csv' | 'json'
  readonly columns: string
  /** A partial update: columns that `columns` does not name keep their values. */
  readonly partial?: boolean
  readonly semantics?: LoadSemantics
  /** Separators as header text (`\\x01`); used for CSV only. */
  readonly columnSeparator: string
  readonly rowDelimiter: string
}

export interface LoadHeaderOptions {
  /** The load's own limit on the server, in ms; sent in whole seconds (1..259200). */
  readonly loadTimeoutMs: number
  /** Whether the request passes an FE, whose header budget then holds. */
  readonly throughFrontend: boolean
}

/**
 * The Stream Load headers of a load, all but Authorization, Expect and Content-Length. Rows are judged strictly
 * (`strict_mode`, `max_filter_ratio` 0): without it StarRocks turns values it cannot store into NULL silently.
 * Values are UTF-8 bytes in a latin1 string, the form Node's HTTP clients send unchanged. Failures: a label StarRocks would
 * refuse, a control character in a value, more header bytes than an FE takes.
 */
export function loadHeaders(load: LoadFacts, options: LoadHeaderOptions): Record<string, string> {
  const name = targetName(load.target)
  if (!LABEL.test(load.label)) throw new Failure('internal', `${name}: "${load.label}" is no Stream Load label`)
  const headers: Record<string, string> = {
    label: load.label,
    format: load.format,
    timeout: timeoutSeconds(options.loadTimeoutMs),
    strict_mode: 'true',
    max_filter_ratio: '0',
    ...(load.partial === true ? { partial_update: 'true' } : {}),
    ...semanticsHeaders(load),
    ...(load.columns === '' ? {} : { columns: utf8AsLatin1(load.columns) }),
    ...(load.format === 'csv'
      ? { column_separator: utf8AsLatin1(load.columnSeparator), row_delimiter: utf8AsLatin1(load.rowDelimiter) }
      : { strip_outer_array: 'true', ignore_json_size: 'true' }),
  }
  for (const [header, value] of Object.entries(headers))
    if (/[\x00-\x1f\x7f]/.test(value))
      throw new Failure('targetUnfit', `${name}: the ${header} header of its loads would hold a control character`, {
        advice: 'Rename the column in a [[rule]], or write separators as text such as \\x01.',
      })
  const bytes = headerBytes(headers)
  if (options.throughFrontend && bytes > FE_HEADER_BYTES - RESERVED_BYTES)
    throw new Failure('targetUnfit', `${name}: its load headers take ${bytes} bytes, an FE reads ${FE_HEADER_BYTES}`, {
      advice: 'Set sr_be_http so that loads go straight to the BEs, or map fewer columns.',
    })
  return headers
}

/** `partial_update_mode` counts for partial updates alone (3.1 and newer); `merge_condition` for every load of the target. */
function semanticsHeaders({ partial, semantics }: LoadFacts): Record<string, string> {
  const { partialUpdateMode = null, mergeCondition = null } = semantics ?? {}
  return {
    ...(partial !== true || partialUpdateMode === null ? {} : { partial_update_mode: partialUpdateMode }),
    ...(mergeCondition === null ? {} : { merge_condition: utf8AsLatin1(mergeCondition) }),
  }
}

/**
 * The headers of `PUT /api/transaction/load`, as `loadHeaders`: database, table and label travel here, not in the path. In a
 * multi-table transaction the FE itself parses `columns`, byte by byte as latin1, and takes names it does not know for
 * variables: a column with another name would stay NULL, so such a load is refused here.
 */
export function transactionLoadHeaders(
  load: LoadFacts,
  options: { readonly loadTimeoutMs: number; readonly multi: boolean },
): Record<string, string> {
  const headers = loadHeaders(load, { loadTimeoutMs: options.loadTimeoutMs, throughFrontend: true })
  if (options.multi && /[^\x00-\x7f]/.test(load.columns))
    throw new Failure(
      'targetUnfit',
      `${targetName(load.target)}: transactions cannot carry column names outside ASCII (${load.columns})`,
      { advice: 'Set delivery = "labels", or rename the column in a [[rule]].' },
    )
  return {
    ...transactionHeaders(load.target.database, load.label, options.multi),
    table: utf8AsLatin1(load.target.table),
    ...headers,
  }
}

/** What every request of `/api/transaction/*` tells. */
export function transactionHeaders(database: string, label: string, multi: boolean): Record<string, string> {
  return { db: utf8AsLatin1(database), label, ...(multi ? { transaction_type: 'multi' } : {}) }
}

/** A limit in ms as the whole seconds of a `timeout` header (1..259200). */
export function timeoutSeconds(ms: number): string {
  return String(Math.min(259_200, Math.max(1, Math.ceil(ms / 1000))))
}

/** StarRocks' reading of a separator header (`Delimiter.java`): "\x" or "0x" and hex digits for the whole rest, else the text itself with \t and \n. */
export function separatorBytes(text: string): Uint8Array {
  if (/^(\\x|0x)/i.test(text)) return Buffer.from(text.slice(2), 'hex')
  return Buffer.from(text.replaceAll('\\t', '\t').replaceAll('\\n', '\n'))
}

/** The load path of a table. Names StarRocks <= 3.4 would not decode are still sent percent-encoded, the only legal form. */
export function loadPath(target: { readonly database: string; readonly table: string }): string {
  return `/api/${encodeURIComponent(target.database)}/${encodeURIComponent(target.table)}/_stream_load`
}

/** The Authorization value of Basic authentication (RFC 7617, UTF-8). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}

function utf8AsLatin1(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1')
}

function headerBytes(headers: Record<string, string>): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
}
