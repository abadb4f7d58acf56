import type { TableSchema } from '../../model/schema.js'
import type { SourceSession } from '../session.js'

/** Whether the table's storage engine has transactions, so that it can be read as of one moment without a lock. */
export async function isTransactional(session: SourceSession, { schema, table }: TableSchema): Promise<boolean> {
  const [row] = await session.query(
    `SELECT e.TRANSACTIONS AS transactions FROM information_schema.TABLES t
     JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = ? AND t.TABLE_NAME = ?`,
    [schema, table],
  )
  return row?.transactions === 'YES'
}
