import type { DuckDBConnection } from '@duckdb/node-api'

/**
 * Functions of the SELECT dialect whose result depends on the type of their argument, so that the token rewriter cannot
 * settle them alone. All are named `sr_..`; the rewriter calls them.
 */
const MACROS: readonly string[] = [
  // A value as StarRocks casts it to VARCHAR: booleans 1/0, six fraction digits or none, no ".0" behind whole doubles.
  `sr_text(x) AS CASE typeof(x)
     WHEN 'BOOLEAN' THEN CASE CAST(x AS VARCHAR) WHEN 'true' THEN '1' WHEN 'false' THEN '0' END
     WHEN 'TIMESTAMP' THEN regexp_replace(
       strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f'), '\\.000000$', '')
     WHEN 'DOUBLE' THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '')
     WHEN 'FLOAT' THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '')
     ELSE CAST(x AS VARCHAR) END`,
  // The whole part of a number or of a text that is a number, as text; NULL for anything else. DuckDB would round 1.9 to 2.
  `sr_integral(x) AS CASE
     WHEN typeof(x) IN ('DOUBLE', 'FLOAT')
       THEN CAST(TRY_CAST(trunc(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) AS HUGEINT) AS VARCHAR)
     WHEN typeof(x) = 'BOOLEAN' THEN sr_text(x)
     ELSE nullif(regexp_extract(CAST(x AS VARCHAR), '^\\s*([+-]?[0-9]+)(\\.[0-9]*)?\\s*$', 1), '') END`,
  // The same of a text: it names its argument once, which may be long.
  `sr_integral_text(x) AS nullif(regexp_extract(x, '^\\s*([+-]?[0-9]+)(\\.[0-9]*)?\\s*$', 1), '')`,
  // SUM of integers is BIGINT in StarRocks, HUGEINT in DuckDB.
  `sr_sum(x BIGINT) AS CAST(sum(x) AS BIGINT), (x HUGEINT) AS sum(x),
     (x BOOLEAN) AS CAST(sum(CAST(x AS INTEGER)) AS BIGINT), (x VARCHAR) AS sum(TRY_CAST(x AS DOUBLE)), (x) AS sum(x)`,
  `sr_avg(x BOOLEAN) AS avg(CAST(x AS INTEGER)), (x VARCHAR) AS avg(TRY_CAST(x AS DOUBLE)), (x) AS avg(x)`,
  // LENGTH counts bytes.
  'sr_length(x VARCHAR) AS strlen(x), (x BLOB) AS octet_length(x), (x) AS strlen(sr_text(x))',
  `sr_to_json(x VARCHAR) AS CASE WHEN regexp_matches(x, '^\\s*[\\[{"]') THEN TRY_CAST(x AS JSON) ELSE to_json(x) END,
     (x JSON) AS x, (x) AS to_json(x)`,
  'sr_to_blob(x VARCHAR) AS encode(x), (x BLOB) AS x, (x) AS encode(sr_text(x))',
  // DATE and DATETIME from text, also without separators.
  // A text with an offset from UTC is no DATETIME. One form for all types, since generated columns cannot choose among several.
  `sr_datetime_text(x) AS CASE WHEN regexp_matches(x, ':[0-9.]+ *[+-][0-9]') THEN NULL
     ELSE coalesce(TRY_CAST(x AS TIMESTAMP), try_strptime(x, ['%Y%m%d', '%Y%m%d%H%M%S'])) END`,
  'sr_datetime(x) AS sr_datetime_text(CAST(x AS VARCHAR))',
  `sr_bitmap(x) AS CASE WHEN TRY_CAST(sr_text(x) AS UBIGINT) IS NULL THEN CAST([] AS UBIGINT[])
     ELSE [TRY_CAST(sr_text(x) AS UBIGINT)] END`,
  'sr_hll(x) AS CASE WHEN x IS NULL THEN CAST([] AS UBIGINT[]) ELSE [hash(sr_text(x))] END',
]

/** Makes the macros in a database and the settings in which both dialects agree (order of NULLs, x / 0 is NULL). */
export async function prepareDialect(connection: DuckDBConnection): Promise<void> {
  for (const macro of MACROS) await createMacro(connection, macro)
  await connection.run("SET GLOBAL default_null_order = 'nulls_first_on_asc_last_on_desc'")
  await connection.run('SET GLOBAL ieee_floating_point_ops = false')
}

/** A macro that a generated column of a kept database uses cannot be replaced: it stays as it was made with the column. */
async function createMacro(connection: DuckDBConnection, macro: string): Promise<void> {
  try {
    await connection.run(`CREATE OR REPLACE MACRO ${macro}`)
  } catch (error) {
    if (!String(error).includes('Dependency Error')) throw error
  }
}
