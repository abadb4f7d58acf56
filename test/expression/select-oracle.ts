import type { Connection } from 'mysql2/promise'
import { type CompiledExpression, compileExpression } from '../../lib/expression/compile.js'
import { decimalText } from '../../lib/expression/decimal-math.js'
import { parseExpression } from '../../lib/expression/parser.js'
import { ExpressionFailure } from '../../lib/expression/problem.js'
import { renderSql } from '../../lib/expression/render-sql.js'
import type { ExpressionScope } from '../../lib/expression/scope.js'
import type { Value, ValueType } from '../../lib/model/value.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { cellValue, SAMPLE_COLUMNS, sampleScope, sampleStatements } from './sample-table.js'

export const ERROR = 'error'

/** A connection whose table `t` holds the sample rows, and what SELECT makes of expressions over them. */
export class SelectOracle {
  readonly scope: ExpressionScope
  readonly #connection: Connection
  readonly rows: readonly (readonly Value[])[]

  private constructor(connection: Connection, scope: ExpressionScope, rows: readonly (readonly Value[])[]) {
    this.#connection = connection
    this.scope = scope
    this.rows = rows
  }

  static async open(server: ServerAddress, schema: string, written?: readonly string[]): Promise<SelectOracle> {
    const collation = server.kind === 'mysql' ? 'utf8mb4_0900_ai_ci' : 'utf8mb4_general_ci'
    const connection = await server.connect({ database: schema, rowsAsArray: true, typeCast: field => field.buffer() })
    await connection.query(`set names utf8mb4 collate ${collation}`)
    await connection.query("set time_zone = '+00:00'")
    const [{ mode }] = (await server.sql('select @@sql_mode as mode')) as [{ mode: string }]
    await connection.query("set sql_mode = ''")
    for (const statement of sampleStatements(collation, written)) await connection.query(statement)
    await connection.query('set sql_mode = ?', [mode])
    const [cells] = await connection.query(
      `select ${SAMPLE_COLUMNS.map(({ name }) => name).join(', ')} from t order by id`,
    )
    const rows = (cells as (Buffer | null)[][]).map(row =>
      row.map((cell, i) => cellValue(SAMPLE_COLUMNS[i]!.type, cell)),
    )
    return new SelectOracle(connection, sampleScope(collation), rows)
  }

  close(): Promise<void> {
    return this.#connection.end()
  }

  /** What SELECT shows of several expressions, for each row; ERROR where it has none. */
  async select(expressions: readonly string[]): Promise<(Buffer | null | typeof ERROR)[][]> {
    const columns = expressions.map(expression => `(${expression})`).join(', ')
    try {
      const [rows] = await this.#connection.query(`select ${columns} from t order by id`)
      const cells = rows as (Buffer | null)[][]
      return expressions.map((_, i) => cells.map(row => row[i]!))
    } catch (error) {
      // An error of one cell takes all with it: each is asked for alone, down to the row.
      if (expressions.length > 1) {
        const results: (Buffer | null | typeof ERROR)[][] = []
        for (const expression of expressions) results.push(...(await this.select([expression])))
        return results
      }
      return [await this.#rowByRow(expressions[0]!, error)]
    }
  }

  async #rowByRow(expression: string, first: unknown): Promise<(Buffer | null | typeof ERROR)[]> {
    const results: (Buffer | null | typeof ERROR)[] = []
    for (let id = 1; id <= this.rows.length; id++) {
      try {
        const [rows] = await this.#connection.query(`select ${expression} from t where id = ${id}`)
        results.push((rows as (Buffer | null)[][])[0]![0]!)
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        if (!/OUT_OF_RANGE|OVERFLOW|ILLEGAL_VALUE|TRUNCATED/.test(code ?? ''))
          throw new Error(`${expression}: ${message}`)
        results.push(ERROR)
      }
    }
    if (!results.includes(ERROR)) throw first
    return results
  }

  /** Differences between the compiled expression and what SELECT showed, in words; none when they agree. */
  differences(text: string, shown: readonly (Buffer | null | typeof ERROR)[]): string[] {
    const compiled = compileExpression(parseExpression(text), this.scope)
    return this.rows.flatMap((row, i) => {
      const ours = outcome(compiled, row)
      const theirs = shown[i]!
      const truth = ours === ERROR ? ERROR : truthOutcome(compiled, row)
      const wanted = theirs === null ? null : theirs === ERROR ? ERROR : plainText(compiled.type, theirs)
      if (ours !== wanted) return [`${text}: row ${i + 1}: ${ours} in place of ${wanted}`]
      const expected = isTrueText(compiled.type, ours)
      const whole = truth === ERROR || expected === null || expected === truth
      return whole ? [] : [`${text}: row ${i + 1}: ${ours}, but isTrue says ${truth}`]
    })
  }

  /** The same expression as the project writes it as SQL. */
  rendered(text: string): string {
    return renderSql(parseExpression(text), name => ('column' in name ? name.column : null))!
  }
}

function outcome(compiled: CompiledExpression, row: readonly Value[]): string | null {
  try {
    const value = compiled.evaluate(row)
    const text = value === null ? null : valueText(compiled.type!, value)
    const compact = compiled.evaluateCompact(row)
    // The same in another form: what differs is no value of any server.
    if ((compact === null ? null : valueText(compiled.type!, compact)) !== text) return `${text}, compact ${compact}`
    return text
  } catch (error) {
    if (error instanceof ExpressionFailure) return ERROR
    throw error
  }
}

function truthOutcome(compiled: CompiledExpression, row: readonly Value[]): boolean | typeof ERROR {
  try {
    return compiled.isTrue(row)
  } catch (error) {
    if (error instanceof ExpressionFailure) return ERROR
    throw error
  }
}

/** The truth of a value, told from its text; null for kinds whose truth is looked at by cases of their own. */
function isTrueText(type: ValueType | null, text: string | null): boolean | null {
  if (text === null || type === null) return false
  switch (type.kind) {
    case 'integer':
    case 'decimal':
    case 'double':
    case 'year':
    case 'bit':
      return Number(text) !== 0
    case 'text':
      return Number(/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/i.exec(text)?.[0] ?? 0) !== 0
    case 'json':
    case 'bytes':
      return null
    default:
      return /[1-9]/.test(text)
  }
}

/** A value in the words of SELECT; doubles as JavaScript prints them. */
export function valueText(type: ValueType, value: Exclude<Value, null>): string {
  if (type.kind === 'decimal') return decimalText(value as bigint, type.scale)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return String(typeof value === 'number' && value === 0 ? 0 : value)
}

function plainText(type: ValueType | null, shown: Buffer): string {
  if (type?.kind === 'bytes') return shown.toString('hex')
  if (type?.kind === 'bit') return String(BigInt(`0x${shown.toString('hex')}`))
  if (type?.kind === 'double') return String(Number(shown.toString()) + 0)
  if (type?.kind === 'decimal') return withScale(shown.toString(), type.scale)
  return shown.toString()
}

/** IF and CASE print each decimal with its own digits; a column of the result's type has all of them. */
function withScale(shown: string, scale: number): string {
  const digits = shown.includes('.') ? shown.length - shown.indexOf('.') - 1 : 0
  if (digits >= scale) return shown
  return `${shown}${digits === 0 ? '.' : ''}${'0'.repeat(scale - digits)}`
}
