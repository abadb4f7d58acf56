const DECISION = /^\s*XA\s+(?:COMMIT|ROLLBACK)\s+X'([0-9a-f]*)'\s*,\s*X'([0-9a-f]*)'\s*,\s*(-?\d+)/i

/**
 * The id in XA COMMIT or XA ROLLBACK as servers write it into the binlog (MySQL sql/xa.h, MariaDB sql/handler.h), in the
 * form of XaPrepareEvent; null when the statement has another form. MySQL's format ids may have more than
 * the 32 bits that XA_PREPARE has room for.
 */
export function decidedXid(sql: string): string | null {
  const match = DECISION.exec(sql)
  if (match === null) return null
  const formatId = BigInt.asUintN(32, BigInt(match[3]!))
  return `X'${match[1]!.toLowerCase()}',X'${match[2]!.toLowerCase()}',${formatId}`
}
