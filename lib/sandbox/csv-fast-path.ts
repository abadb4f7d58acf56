import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { isKeyColumn } from './catalog.js'
import type { ColumnType } from './column-type.js'
import { convertText } from './column-value.js'
import type { LoadPlan, PlannedColumn, ValueSource } from './load-plan.js'
import type { LoadRequest } from './load-request.js'
import { isPlain, type PlainShape, plainShape } from './plain-value.js'
import { encodedBytes, MAX_PRIMARY_KEY_BYTES } from './primary-key-size.js'
import { duckTypeOf, quoteText } from './store.js'

const LF = 10
const CR = 13
const MAX_ROW_BYTES = 16_000_000
const MIN_LINE_BYTES = 65_536
/** Up to this a second reading thread costs more than it saves. */
const SERIAL_BYTES = 4_000_000

/**
 * Counts the rows of a CSV body when every one of them is so plain that DuckDB's reader and casts must give what the exact
 * parser gives; null as soon as one is not, and for bodies and plans of other kinds. Plain means: one-byte delimiters, no
 * `\r`, no `\n` inside rows, no blank line, valid UTF-8, the right number of fields, no NULL where none may be, and every
 * field in the narrow form of its type (see `isPlain`).
 */
export function countPlainRows(body: Buffer, plan: LoadPlan, request: LoadRequest): number | null {
  const separator = request.columnSeparator[0]!
  const delimiter = request.rowDelimiter[0]!
  if (request.columnSeparator.length !== 1 || request.rowDelimiter.length !== 1 || separator === delimiter) return null
  if (separator === 0 || separator === LF || separator === CR || delimiter === CR) return null
  if (request.enclose !== null || request.escape !== null || request.trimSpace || request.skipHeader > 0) return null
  const shapes = fieldShapes(plan)
  if (shapes === null || body.length === 0) return null
  if (body.includes(CR) || (delimiter !== LF && body.includes(LF))) return null
  if (body[0] === 0xef || !isUtf8(body)) return null
  const key = keyFields(plan)
  if (key.closed && body.includes(0)) return null

  const fieldCount = shapes.length
  let rows = 0
  let field = 0
  let fieldStart = 0
  let rowStart = 0
  let keyBytes = key.fixedBytes
  for (let at = 0; at <= body.length; at++) {
    const byte = at === body.length ? delimiter : body[at]
    if (byte !== separator && byte !== delimiter) continue
    if (at === body.length && at === rowStart) break
    if (at === rowStart && fieldCount === 1) return null
    const shape = shapes[field]
    if (shape === undefined || !isPlain(shape, body, fieldStart, at)) return null
    if (shape.isTextKey) keyBytes += at - fieldStart
    field++
    fieldStart = at + 1
    if (byte === delimiter) {
      if (field !== fieldCount || keyBytes > MAX_PRIMARY_KEY_BYTES || at - rowStart > MAX_ROW_BYTES) return null
      rows++
      field = 0
      rowStart = fieldStart
      keyBytes = key.fixedBytes
    }
  }
  return rows
}

/**
 * Reads a body that `countPlainRows` found plain into STAGED with DuckDB's own CSV reader, inside the caller's transaction.
 * False when DuckDB refuses a value or counts other rows: then nothing is staged and the exact parser decides. The body is
 * the same afterwards.
 */
export async function stagePlainBody(
  connection: DuckDBConnection,
  plan: LoadPlan,
  request: LoadRequest,
  body: Buffer,
  rows: number,
): Promise<boolean> {
  const file = join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `sandbox-load-${randomUUID()}.csv`)
  const delimiter = request.rowDelimiter[0]!
  try {
    swapBytes(body, delimiter, LF)
    try {
      await writeFile(file, body, { mode: 0o600 })
    } finally {
      swapBytes(body, LF, delimiter)
    }
    try {
      await connection.run(`CREATE OR REPLACE TEMP TABLE load_staged AS ${readSql(file, plan, request, body.length)}`)
    } catch (error) {
      if (!/^(Error: )?(Invalid Input|Conversion|Out of Range) Error/.test(String(error))) throw error
      return false
    }
    const counted = await connection.runAndReadAll('SELECT count(*) FROM temp.load_staged')
    return Number(counted.getRows()[0]?.[0]) === rows
  } finally {
    await rm(file, { force: true })
  }
}

function readSql(file: string, plan: LoadPlan, request: LoadRequest, bodyBytes: number): string {
  const direct = new Map<number, ColumnType>()
  for (const { column, source } of plan.loaded) if (source.kind === 'direct') direct.set(source.field, column.type)
  const types = plan.fields.map((_, at) => {
    const type = direct.get(at)
    if (plan.operation?.kind === 'direct' && plan.operation.field === at) return `'f${at}': 'TINYINT'`
    return `'f${at}': '${type === undefined || type.base === 'varbinary' ? 'VARCHAR' : duckTypeOf(type)}'`
  })
  const cells = plan.loaded.map((planned, at) => `${cellSql(planned)} AS c${at}`)
  if (plan.operation !== null) cells.push(`${operationSql(plan.operation)} AS op`)
  const separator = quoteText(request.columnSeparator.toString('latin1'))
  // DuckDB allocates and clears the whole buffer for every read.
  const maxLine = Math.max(MIN_LINE_BYTES, Math.min(4 * MAX_ROW_BYTES, bodyBytes))
  return `SELECT ${cells.join(', ')} FROM read_csv(${quoteText(file)}, delim=${separator}, quote='', escape='', comment='', nullstr='\\N', header=false, auto_detect=false, new_line='\\n', strict_mode=true, null_padding=false, max_line_size=${maxLine}, buffer_size=${2 * maxLine}, parallel=${bodyBytes > SERIAL_BYTES}, columns={${types.join(', ')}})`
}

function cellSql({ column, source }: PlannedColumn): string {
  const type = duckTypeOf(column.type)
  switch (source.kind) {
    case 'direct':
      return column.type.base === 'varbinary' ? `from_base64(f${source.field})` : `f${source.field}`
    case 'toBinary':
      return source.encoding === 'encode64' ? `from_base64(f${source.field})` : `encode(f${source.field})`
    case 'constant': {
      const text = source.text === null ? null : convertText(column.type, source.text, 'cast')
      return `CAST(${text == null ? 'NULL' : quoteText(text)} AS ${type})`
    }
    default:
      throw new Error(`not a plain source: ${source.kind}`)
  }
}

function operationSql(operation: ValueSource): string {
  if (operation.kind === 'direct') return `f${operation.field}`
  if (operation.kind === 'constant') return `CAST(${operation.text} AS TINYINT)`
  throw new Error(`not a plain operation: ${operation.kind}`)
}

/** What each field must look like, or null when the plan needs the exact parser. */
function fieldShapes(plan: LoadPlan): PlainShape[] | null {
  const shapes = new Map<number, PlainShape>()
  for (const { column, isKey, source } of plan.loaded) {
    const nullable = column.nullable && !column.autoIncrement && !(isKey && plan.table.model === 'primary')
    if (source.kind === 'direct') {
      const shape = plainShape(column.type, nullable)
      if (shape === null) return null
      const isTextKey = isKey && plan.table.model === 'primary' && encodedBytes(column.type) === null
      shapes.set(source.field, { ...shape, isTextKey })
    } else if (source.kind === 'toBinary' && source.encoding === 'encode64' && column.type.base === 'varbinary') {
      if (isKey || shapes.has(source.field)) return null
      shapes.set(source.field, plainShape(column.type, nullable)!)
    } else if (source.kind !== 'constant' || isKey || !isPlainConstant(source.text, column.type, nullable)) {
      return null
    }
  }
  if (plan.operation?.kind === 'direct') shapes.set(plan.operation.field, OPERATION_SHAPE)
  else if (plan.operation !== null && plan.operation.kind !== 'constant') return null
  return plan.fields.map((_, at) => shapes.get(at) ?? TEMPORARY_SHAPE)
}

function isPlainConstant(text: string | null, type: ColumnType, nullable: boolean): boolean {
  if (text === null) return nullable
  return type.base !== 'varbinary' && convertText(type, text, 'cast') !== undefined
}

const OPERATION_SHAPE: PlainShape = { kind: 'integer', nullable: false, max: 2, fraction: 0, isTextKey: false }
const TEMPORARY_SHAPE: PlainShape = { kind: 'text', nullable: true, max: 1_048_576, fraction: 0, isTextKey: false }

/** Bytes of the key that do not depend on its texts, and whether a text part is closed by a terminator. */
function keyFields(plan: LoadPlan): { fixedBytes: number; closed: boolean } {
  const { table } = plan
  if (table.model !== 'primary') return { fixedBytes: 0, closed: false }
  const types = table.columns.filter(c => isKeyColumn(table, c.name)).map(c => c.type)
  const last = table.columns.find(c => c.name.toLowerCase() === table.key.at(-1)?.toLowerCase())?.type
  const texts = types.filter(t => encodedBytes(t) === null)
  const closedTexts = texts.length - (last !== undefined && encodedBytes(last) === null ? 1 : 0)
  return {
    fixedBytes: types.reduce((sum, t) => sum + (encodedBytes(t) ?? 0), 2 * closedTexts),
    closed: closedTexts > 0,
  }
}

function swapBytes(body: Buffer, from: number, to: number): void {
  if (from === to) return
  for (let at = body.indexOf(from); at >= 0; at = body.indexOf(from, at + 1)) body[at] = to
}
