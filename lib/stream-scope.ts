import { join } from 'node:path'
import type { CarriedFacts } from './carried-facts.js'
import type { BinlogPlace } from './model/halted-table.js'
import type { Position } from './model/position.js'
import { PreparedTransactions } from './mysql/prepared-transactions.js'
import type { RuleBook } from './rules/rule-book.js'
import type { TableShare } from './table-share.js'

/** Which stream of a data_dir a pipeline is: the main stream, or the catch-up of one table. */
export interface Scope {
  /** Where its position and plans are kept. */
  readonly stateDir: string
  /** Names its loads and marks in the target. */
  readonly task: string
  readonly share: TableShare
  /** Whether it may end here, where nothing of earlier runs is left to be read again; null: it ends by the signal alone. */
  readonly until: ((place: BinlogPlace) => boolean) | null
}

/** What one pipeline learns and the next one of the same process needs. */
export interface Lessons {
  /** See `RowWriterParts`. */
  readonly jsonTargets: Set<string>
  /** Why transactions over several tables do not fit what is being written; null: nothing is known against them. */
  transactionsUnfit: string | null
  /** Whether another replica has this server_id was asked before a connection of this process could be taken for one. */
  serverIdAsked: boolean
  /** Which shared targets were asked for keys in two of their tables. */
  collisionsAsked?: string
  readonly carried: CarriedFacts
}

/** Target databases of a stream. Those of halted tables too: an epoch of an earlier run may have to be brought into them yet. */
export function targetDatabases(
  tables: readonly { readonly schema: string; readonly table: string }[],
  book: RuleBook,
  share: TableShare,
): string[] {
  const all = [...ownTables(tables, book, share), ...share.halted]
  return [...new Set(all.flatMap(({ schema, table }) => book.match(schema, table)).map(({ database }) => database))]
}

/** Those of these tables whose rows are all the stream's; only they must be fit at its start. */
export function ownTables<T extends { readonly schema: string; readonly table: string }>(
  tables: readonly T[],
  book: RuleBook,
  share: TableShare,
): T[] {
  const isHalted = (one: T): boolean => share.halted.some(h => h.schema === one.schema && h.table === one.table)
  return tables.filter(
    one => book.wanted(one.schema, one.table) && share.wanted(one.schema, one.table) && !isHalted(one),
  )
}

/** Where reading may begin once a position is saved: the catch-up of a halted table reads again what the main stream has read. */
export function mayBegin(share: TableShare, saved: Position): Position[] {
  return [saved, ...share.halted.map(({ from }) => from)]
}

/** XA transactions that the stream finds prepared. A catch-up has not read what lies before it, but the main stream has. */
export function openPrepared(
  { stateDir, share }: Scope,
  dataDir: string,
  start: Position,
): Promise<PreparedTransactions> {
  return PreparedTransactions.open(join(stateDir, 'xa'), mayBegin(share, start), join(dataDir, 'xa'))
}
