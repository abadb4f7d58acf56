import type { SourceSession } from './session.js'

/** Names of all collations by the ids that the binlog has for them. */
export async function readCollations(session: SourceSession): Promise<Map<number, string>> {
  const known = await session.query('SELECT ID AS i, COLLATION_NAME AS n FROM information_schema.COLLATIONS')
  // MariaDB 10.10 and later have collations that belong to several character sets, each with an id of its own.
  const [further] = await session.query(
    `SELECT COUNT(*) AS c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema'
     AND TABLE_NAME = 'COLLATION_CHARACTER_SET_APPLICABILITY' AND COLUMN_NAME = 'FULL_COLLATION_NAME'`,
  )
  const applied =
    further?.c === '1'
      ? await session.query(
          'SELECT ID AS i, FULL_COLLATION_NAME AS n FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY',
        )
      : []
  return new Map([...known, ...applied].flatMap(({ i, n }) => (i == null || n == null ? [] : [[Number(i), n]])))
}
