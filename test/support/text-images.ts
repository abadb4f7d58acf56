import type { Connection } from 'mysql2/promise'
import { textValue } from '../../lib/binlog/text-value.js'

/** Rows of a query as text images, one behind the other, made of the values as the server sent them. */
export async function selectImages(connection: Connection, sql: string): Promise<Buffer[]> {
  const [rows] = await connection.query({
    sql,
    rowsAsArray: true,
    typeCast: (field: { buffer(): Buffer | null }) => field.buffer(),
  } as unknown as string)
  return (rows as unknown as (Buffer | null)[][]).map(values => Buffer.concat(values.map(textValue)))
}

/** A text image of these values. */
export function textImage(values: readonly (string | Buffer | null)[]): Buffer {
  return Buffer.concat(values.map(value => textValue(typeof value === 'string' ? Buffer.from(value) : value)))
}
