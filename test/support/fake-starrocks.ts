import { Failure } from '../../lib/model/failure.js'
import type { Row, Statements } from '../../lib/starrocks/starrocks-session.js'

export interface FakeColumn {
  readonly name: string
  readonly type: string
  readonly nullable: string
  readonly default?: string
}

/** A catalog that answers the questions asked of it and carries out nothing but what `apply` says. */
export class FakeStarRocks implements Statements {
  columns: readonly FakeColumn[] = []
  model: string | null = 'PRIMARY_KEYS'
  key = '`id`'
  database = true
  createTable: string | null = null
  alterState: string | null = null
  readonly executed: string[] = []
  readonly asked: string[] = []
  apply: (sql: string) => void = () => undefined

  async query(sql: string): Promise<Row[]> {
    this.asked.push(sql)
    const row = (fields: Record<string, string | null>): Row => new Map(Object.entries(fields))
    if (sql.includes('information_schema.columns'))
      return this.columns.map((column, index) =>
        row({
          column_name: column.name,
          column_type: column.type,
          is_nullable: column.nullable,
          column_default: column.default ?? null,
          ordinal_position: String(index + 1),
        }),
      )
    if (sql.includes('tables_config')) {
      if (this.model === null) throw new Failure('targetUnfit', 'Unknown table tables_config')
      return [row({ table_model: this.model, primary_key: this.key })]
    }
    if (sql.includes('schemata')) return this.database ? [row({ schema_name: 'demo' })] : []
    if (sql.startsWith('SHOW CREATE TABLE'))
      return this.createTable === null ? [] : [row({ 'create table': this.createTable })]
    if (sql.startsWith('SHOW ALTER'))
      return this.alterState === null ? [] : [row({ state: this.alterState, msg: 'no space' })]
    throw new Error(`unexpected: ${sql}`)
  }

  async execute(sql: string): Promise<void> {
    this.executed.push(sql)
    this.apply(sql)
  }
}
