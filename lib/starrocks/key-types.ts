/** Types a PRIMARY KEY column may have (StarRocks, `primary key column[c] type not supported`), and its sort columns. */
export const PRIMARY_KEY_TYPES: ReadonlySet<string> = new Set([
  'boolean',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'largeint',
  'varchar',
  'date',
  'datetime',
])
/** Key columns of the other models only order or group rows (`Invalid data type of key column 'c': 'float'`). */
export const KEY_TYPES: ReadonlySet<string> = new Set([...PRIMARY_KEY_TYPES, 'char', 'decimal'])
