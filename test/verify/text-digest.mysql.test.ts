import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SourceSession } from '../../lib/mysql/session.js'
import { bucketOf, digestOf, numberOf } from '../../lib/starrocks/row-digest.js'
import { bucket, plusRow, rowDigest } from '../../lib/verify/text-digest.js'
import { sharedServer } from '../support/servers.js'
import { sourceAddressOf } from '../support/source-address.js'

const ROWS: readonly (readonly (string | null)[])[] = [
  ['1', null, 'é€😀'],
  ['', '~', ''],
  ['a,1:b', 'x'.repeat(3000), "it's"],
  [null, null, null],
]
/** The middle column is one of long texts. */
const isLong = (n: number) => n === 1

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let session: SourceSession
  beforeAll(async () => {
    session = await SourceSession.connect(sourceAddressOf(await sharedServer(kind)))
  }, 120_000)
  afterAll(() => session?.close())

  test('computes the digests that are computed here', async () => {
    for (const row of ROWS) {
      const literals = row.map(text =>
        text === null ? 'NULL' : `CONVERT(x'${Buffer.from(text).toString('hex')}' USING utf8mb4)`,
      )
      const sql = digestOf(literals.map((text, n) => ({ text, long: isLong(n) })))
      const [theirs] = await session.query(
        `SELECT ${sql} AS d, ${bucketOf(sql, 3)} AS b, CAST(${numberOf(sql, 'source')} AS CHAR) AS v`,
      )
      const digest = rowDigest(row.map((text, n) => ({ text, long: isLong(n) })))
      expect([digest, bucket(digest, 3)]).toEqual([theirs?.d, theirs?.b])
      expect(plusRow({ rows: 2, sum: 5n }, digest)).toEqual({ rows: 3, sum: 5n + BigInt(theirs!.v!) })
    }
  })
})
