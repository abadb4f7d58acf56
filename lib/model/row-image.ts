/**
 * Whether before and after image together hold every column of every row, as far as sessions keep to the global setting.
 * `rowImage`: binlog_row_image; null where the server does not know the variable (MySQL 5.5 and before: whole rows always).
 * FULL_NODUP, of MariaDB 11.4 on, leaves out of after images what the before image has already.
 */
export function logsWholeRows(rowImage: string | null): boolean {
  const value = rowImage?.toUpperCase()
  return value === undefined || value === 'FULL' || value === 'FULL_NODUP'
}
