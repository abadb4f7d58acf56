import type { Dialect } from './tokens.js'

/** Character sets whose default collation is another than <charset>_general_ci (information_schema.CHARACTER_SETS of both servers). */
const OTHER_DEFAULTS: Readonly<Record<string, string>> = {
  big5: 'big5_chinese_ci',
  binary: 'binary',
  cp932: 'cp932_japanese_ci',
  dec8: 'dec8_swedish_ci',
  eucjpms: 'eucjpms_japanese_ci',
  euckr: 'euckr_korean_ci',
  gb18030: 'gb18030_chinese_ci',
  gb2312: 'gb2312_chinese_ci',
  gbk: 'gbk_chinese_ci',
  hp8: 'hp8_english_ci',
  latin1: 'latin1_swedish_ci',
  latin5: 'latin5_turkish_ci',
  sjis: 'sjis_japanese_ci',
  swe7: 'swe7_swedish_ci',
  tis620: 'tis620_thai_ci',
  ujis: 'ujis_japanese_ci',
}

const UNICODE = new Set(['ucs2', 'utf16', 'utf32', 'utf8mb3', 'utf8mb4'])
const MYSQL_0900_FROM = 80_001
const MARIADB_UCA1400_FROM = 110_500

/** The collation that a character set has where none is written, in the session that ran a statement. */
export function defaultCollation(charset: string, { mariadb, version, defaultCollations }: Dialect): string {
  const chosen = defaultCollations?.get(charset)
  if (chosen !== undefined) return chosen
  if (charset === 'utf8mb4' && !mariadb && version >= MYSQL_0900_FROM) return 'utf8mb4_0900_ai_ci'
  if (UNICODE.has(charset) && mariadb && version >= MARIADB_UCA1400_FROM) return `${charset}_uca1400_ai_ci`
  return OTHER_DEFAULTS[charset] ?? `${charset}_general_ci`
}
