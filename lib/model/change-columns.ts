/**
 * Columns that stand before those of the source in a table of changes, one row per change. The key ones together are the
 * change id: the same in every reading of the binlog.
 */
export const CHANGE_COLUMNS = [
  { name: '_bin_name', type: 'varchar(255)', isKey: true, comment: 'binlog file' },
  { name: '_bin_pos', type: 'bigint', isKey: true, comment: 'offset where the transaction starts' },
  { name: '_event', type: 'int', isKey: true, comment: 'rows event of the transaction, from 0' },
  { name: '_row', type: 'int', isKey: true, comment: 'change of the event, from 0' },
  { name: '_op', type: 'varchar(6)', isKey: false, comment: 'insert, update or delete' },
  { name: '_commit_time', type: 'datetime', isKey: false, comment: 'when the source committed' },
] as const
