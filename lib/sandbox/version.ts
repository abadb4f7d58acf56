/** What came with which StarRocks release, as far as the sandbox shows it. */
const SINCE = {
  /** `/api/transaction/*`. */
  transactions: '2.4',
  /** CSV headers enclose, escape, skip_header, trim_space. */
  csvQuoting: '3.0',
  varbinary: '3.0',
  /** `Expect: 100-continue` is asked for by its value, of HTTP/1.1; what the FE refuses has the shape of TransactionResult. */
  expectByValue: '3.1',
  /** A load without rows is told what to do about it. */
  emptyLoadAdvice: '3.1',
  persistentIndexByDefault: '3.1',
  fastSchemaEvolution: '3.2',
  preparedStatements: '3.2',
  /** Headers compression and Content-Encoding, for JSON. */
  jsonCompression: '3.2.7',
  /** Numbers 5501 and 5502 in place of MySQL's 1049 and 1051. */
  ownErrorNumbers: '3.3',
  capitalEmptyLabel: '3.3',
  renameColumn: '3.3.2',
  /** `code` and `message` in results of the FE's REST actions, `reason` of get_load_state. */
  restCode: '3.4',
  /** UserException has become StarRocksException. */
  starRocksException: '3.4',
  /** The server version of the handshake is 8.0.33, before it was 5.1.0. */
  mysql8: '3.4',
  /** Names in paths may be percent-encoded; redirects keep the encoding. */
  encodedPaths: '3.5',
  /** BEGIN opens a transaction; before, it was parsed and did nothing. */
  sqlTransactions: '3.5',
  preparedTimeout: '3.5.4',
  /** `transaction_type: multi`. */
  multiTransactions: '4.0',
  wideDecimals: '4.0',
  /** The BE calls its answers application/json. */
  jsonAnswers: '4.0',
  emptyLoadCauses: '4.0',
  /** A known label of a transaction over several tables cannot be begun again; a commit that failed is not taken for one that was made. */
  settledMulti: '4.0.7',
  /** `Db` and `Table` in the answer to a Stream Load. */
  namesInAnswers: '4.1',
} as const

export type Feature = keyof typeof SINCE

/** Whether a release of StarRocks ("3.5.2", "4.1.0-sandbox") has a feature. */
export function has(version: string, feature: Feature): boolean {
  const have = version.split('.').map(part => Number.parseInt(part, 10))
  const need = SINCE[feature].split('.').map(Number)
  for (let i = 0; i < need.length; i++) {
    const difference = (have[i] ?? 0) - need[i]!
    if (difference !== 0) return difference > 0
  }
  return true
}
