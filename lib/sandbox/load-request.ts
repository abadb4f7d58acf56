import type { IncomingHttpHeaders } from 'node:http'
import { parseDelimiter } from './delimiter.js'
import { type LoadColumn, parseLoadColumns } from './load-columns.js'
import { LoadError } from './load-error.js'
import { has } from './version.js'

/** JSON bodies over this many bytes (by Content-Length) need `ignore_json_size: true`. */
export const MAX_JSON_BYTES = 100 * 1024 * 1024

/** What the headers of a Stream Load ask for, checked. */
export interface LoadRequest {
  readonly format: 'csv' | 'json'
  readonly compression: 'none' | 'gzip' | 'deflate'
  /** null: no `columns` header. */
  readonly columns: readonly LoadColumn[] | null
  readonly columnSeparator: Buffer
  readonly rowDelimiter: Buffer
  /** First byte of the header's value, or null. */
  readonly enclose: number | null
  readonly escape: number | null
  readonly skipHeader: number
  readonly trimSpace: boolean
  readonly strictMode: boolean
  readonly maxFilterRatio: number
  readonly timeoutSeconds: number
  readonly partialUpdate: boolean
  /** Column whose stored value must not be greater; null: every row applies. */
  readonly mergeCondition: string | null
  readonly stripOuterArray: boolean
}

/** Headers of starrocks 1.6 that change what is loaded and that the sandbox does not build. */
const REFUSED = [
  'where',
  'jsonpaths',
  'json_root',
  'envelope',
  'partitions',
  'temporary_partitions',
  'negative',
  'log_rejected_record_num',
  'enable_merge_commit',
  'merge_commit_async',
  'merge_commit_interval_ms',
  'merge_commit_parallel',
] as const

/** A header's text: HTTP carries bytes, which Node shows as latin1; StarRocks reads them as UTF-8. Empty counts as absent. */
export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  const text = Array.isArray(value) ? value.join(', ') : value
  return text === undefined || text === '' ? undefined : Buffer.from(text, 'latin1').toString('utf8')
}

/** The `label` header if it is well formed, undefined when absent. */
export function parseLabel(headers: IncomingHttpHeaders): string | undefined {
  const label = headerText(headers, 'label')
  if (label !== undefined && !/^[-\w]{1,128}$/.test(label)) {
    throw new LoadError(`Label format error. regex: ^[-\\w]{1,128}$, label: ${label}`)
  }
  return label
}

/** Reads the load headers (1.6 of the loading reference). Throws a LoadError with StarRocks' text, also for headers the sandbox does not build. */
export function parseLoadRequest(headers: IncomingHttpHeaders): LoadRequest {
  const get = (name: string) => headerText(headers, name)
  for (const name of REFUSED) {
    if (get(name) !== undefined && !(name === 'negative' && get(name) === 'false')) {
      throw new LoadError(`The sandbox does not support the header '${name}'`)
    }
  }
  const { format, compression } = parseFormat(get('format') ?? 'csv', get('compression'), get('content-encoding'))
  const partialUpdate = parseBool(get('partial_update'), 'Invalid partial update flag format. Must be bool type')
  const columns = get('columns')
  const request: LoadRequest = {
    format,
    compression,
    columns: columns === undefined ? null : parseLoadColumns(columns),
    columnSeparator: parseDelimiter(get('column_separator') ?? '\t', 'column separator'),
    rowDelimiter: parseDelimiter(get('row_delimiter') ?? '\n', 'row delimiter'),
    enclose: firstByte(get('enclose')),
    escape: firstByte(get('escape')),
    skipHeader: parseSkipHeader(get('skip_header')),
    trimSpace: parseBool(get('trim_space'), 'Invalid trim space format. Must be bool type'),
    strictMode: parseBool(get('strict_mode'), 'Invalid strict mode format. Must be bool type'),
    maxFilterRatio: Number.parseFloat(get('max_filter_ratio') ?? '0') || 0,
    timeoutSeconds: parseTimeout(get('timeout')),
    partialUpdate,
    mergeCondition: get('merge_condition') ?? null,
    stripOuterArray: /^true$/i.test(get('strip_outer_array') ?? ''),
  }
  parseMemoryLimits(get('load_mem_limit'), get('exec_mem_limit'))
  if (format === 'json') checkJsonSize(headers, get('ignore_json_size'))
  return request
}

/** The headers without those that the emulated release does not read yet. */
export function headersOfRelease(headers: IncomingHttpHeaders, version: string): IncomingHttpHeaders {
  const read = { ...headers }
  if (!has(version, 'csvQuoting')) for (const name of CSV_QUOTING) delete read[name]
  if (!has(version, 'jsonCompression')) for (const name of ['compression', 'content-encoding']) delete read[name]
  return read
}

const CSV_QUOTING = ['skip_header', 'trim_space', 'enclose', 'escape'] as const
/** Headers that the BE does not read in a transaction's load (transaction_stream_load.cpp). */
const UNREAD_IN_TRANSACTIONS = [...CSV_QUOTING, 'log_rejected_record_num'] as const

/**
 * The same for a load inside a transaction: no quoting, `partial_update` only as exactly `true`. `totalBytes`: of all bodies
 * of the transaction with this one, by their Content-Length; the limit of JSON counts for the sum.
 */
export function parseTransactionRequest(headers: IncomingHttpHeaders, totalBytes: number): LoadRequest {
  const read: IncomingHttpHeaders = { ...headers, 'content-length': String(totalBytes) }
  for (const name of UNREAD_IN_TRANSACTIONS) delete read[name]
  if (read.partial_update !== 'true') delete read.partial_update
  return parseLoadRequest(read)
}

function parseFormat(
  format: string,
  compression: string | undefined,
  encoding: string | undefined,
): Pick<LoadRequest, 'format' | 'compression'> {
  if (compression !== undefined && encoding !== undefined) {
    throw new LoadError('Only one of http header content-encoding and compression can be set')
  }
  const codec = (compression ?? encoding)?.toLowerCase()
  switch (format.toLowerCase()) {
    case 'csv':
      // StarRocks applies `compression` to JSON only and would parse compressed CSV as raw bytes: no row of it survives.
      return { format: 'csv', compression: 'none' }
    case 'gzip':
      return { format: 'csv', compression: 'gzip' }
    case 'deflate':
      return { format: 'csv', compression: 'deflate' }
    case 'json':
      if (codec === undefined) return { format: 'json', compression: 'none' }
      if (codec === 'gzip' || codec === 'deflate') return { format: 'json', compression: codec }
      if (/^(bzip2|lz4|lz4_frame|zstd|snappy|zlib)$/.test(codec)) break
      throw new LoadError(`Unsupported compression type: ${compression ?? encoding}`)
    case 'bzip2':
    case 'lz4':
    case 'zstd':
      break
    default:
      throw new LoadError(`unknown data format, format=${format}`)
  }
  throw new LoadError(`The sandbox cannot decompress '${codec ?? format}'; it knows gzip and deflate`)
}

function parseBool(text: string | undefined, message: string): boolean {
  if (text === undefined) return false
  if (/^true$/i.test(text)) return true
  if (/^false$/i.test(text)) return false
  throw new LoadError(message)
}

function parseSkipHeader(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^-?\d+$/.test(text)) throw new LoadError('Invalid csv load skip_header format')
  const count = Number(text)
  if (count < 0) throw new LoadError('skip_header must be equal or greater than 0')
  return count
}

/** `timeout` in seconds, 600 when absent; FE's range is 1 to 259200. */
export function parseTimeout(text: string | undefined): number {
  if (text === undefined) return 600
  if (!/^-?\d+$/.test(text)) throw new LoadError('Invalid timeout format')
  const seconds = Number(text)
  if (seconds < 1 || seconds > 259_200) {
    throw new LoadError(`Invalid timeout: '${text}'. Expected values should be between 1 and 259200 seconds`)
  }
  return seconds
}

function parseMemoryLimits(load: string | undefined, exec: string | undefined): void {
  if (load !== undefined && !/^\d+$/.test(load)) throw new LoadError('Invalid load_mem_limit format')
  if (exec !== undefined && !/^[1-9]\d*$/.test(exec)) throw new LoadError('Invalid exec_mem_limit format')
}

function checkJsonSize(headers: IncomingHttpHeaders, ignore: string | undefined): void {
  const length = Number(headers['content-length'] ?? 0)
  if (length <= MAX_JSON_BYTES || /^true$/i.test(ignore ?? '')) return
  throw new LoadError(
    `The size of this batch exceed the max size [${MAX_JSON_BYTES}]  of json type data  data [ ${length} ]. Set ignore_json_size to skip the check, although it may lead huge memory consuming.`,
  )
}

function firstByte(text: string | undefined): number | null {
  return text === undefined ? null : Buffer.from(text, 'utf8')[0]!
}
