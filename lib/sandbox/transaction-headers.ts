import type { IncomingMessage } from 'node:http'
import { LoadError } from './load-error.js'
import { headerText, parseLabel } from './load-request.js'
import { has } from './version.js'

/** What the headers of a transaction operation say of it. */
export interface TransactionHeaders {
  readonly database: string
  /** Empty when absent. */
  readonly table: string
  readonly label: string
  readonly isMulti: boolean
}

/**
 * Reads `db`, `table`, `label` and `transaction_type` (3.1). Throws a LoadError when database or label is missing.
 * Before 4.0 nobody knows `transaction_type`: such a request is one about a single table.
 */
export function parseTransactionHeaders(req: IncomingMessage, emulatedVersion: string): TransactionHeaders {
  const database = headerText(req.headers, 'db')
  if (database === undefined) throw new LoadError('No database selected.')
  const label = parseLabel(req.headers)
  if (label === undefined)
    throw new LoadError(has(emulatedVersion, 'capitalEmptyLabel') ? 'Empty label.' : 'empty label.')
  const type = has(emulatedVersion, 'multiTransactions') ? headerText(req.headers, 'transaction_type') : undefined
  return {
    database,
    table: headerText(req.headers, 'table') ?? '',
    label,
    isMulti: type?.toLowerCase() === 'multi',
  }
}
