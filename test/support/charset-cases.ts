import type { TypeCase } from './type-cases.js'

/** Charsets that are not UTF-8, with a text that each of them has. */
const CHARSET_TEXTS: readonly (readonly [charset: string, text: string, server?: 'mysql'])[] = [
  ['armscii8', 'Բարեւ'],
  ['big5', '中文字符の①'],
  ['cp1250', 'Žluťoučký €'],
  ['cp1251', 'Привет № €'],
  ['cp1256', 'سلام پ €'],
  ['cp1257', 'Žąsis €'],
  ['cp850', 'é ñ ░'],
  ['cp852', 'Łódź'],
  ['cp866', 'Привет ░'],
  ['cp932', '日本語①髙ｱ～'],
  ['dec8', 'é œ Ÿ'],
  ['eucjpms', '日本語①髙ｱ～'],
  ['euckr', '한국어 똠'],
  ['gb18030', '中文𠀀😀€', 'mysql'],
  ['gb2312', '中文字符'],
  ['gbk', '中文字符龍丂'],
  ['geostd8', 'გამარჯობა'],
  ['greek', 'Γειά σου'],
  ['hebrew', 'שלום'],
  ['hp8', 'é ñ Š'],
  ['keybcs2', 'Žluťoučký'],
  ['koi8r', 'Привет ░'],
  ['koi8u', 'Привіт Ґ'],
  ['latin2', 'Żółć'],
  ['latin5', 'İstanbul ğ'],
  ['latin7', 'Žąsis'],
  ['macce', 'Žluťoučký'],
  ['macroman', 'é € Ω'],
  ['sjis', '日本語ｱ〜'],
  ['swe7', 'ÅÄÖé'],
  ['tis620', 'สวัสดี'],
  ['ucs2', '中文 é'],
  ['ujis', '日本語ｱ〜丂'],
  ['utf16', '中文 😀'],
  ['utf16le', '中文 😀'],
  ['utf32', '中文 😀'],
]

/** CHAR, VARCHAR, TEXT, ENUM and SET of a charset. */
function charsetCases([charset, text, server]: (typeof CHARSET_TEXTS)[number]): TypeCase[] {
  const where = server === undefined ? {} : { server }
  // No catalog shows labels beyond U+FFFF.
  const astral = /[\u{10000}-\u{10ffff}]/u.test(text) ? { ...where, needsMetadata: true as const } : where
  const labels = `'${text}','plain; ''it''','0'`
  return [
    {
      ddl: `varchar(300) character set ${charset}`,
      values: [`'${text}'`, `''`, `'a'`, `repeat('${text}', 20)`],
      ...where,
    },
    { ddl: `char(20) character set ${charset}`, values: [`'${text}'`, `''`, `'a b  '`], ...where },
    { ddl: `text character set ${charset}`, values: [`repeat('${text}', 500)`, `'a\\nb"'`], ...where },
    { ddl: `enum(${labels}) character set ${charset}`, values: [`'${text}'`, '2', `'0'`], ...astral },
    { ddl: `set(${labels}) character set ${charset}`, values: [`'${text}'`, '7', `''`], ...astral },
  ]
}

export const CHARSET_CASES: readonly TypeCase[] = CHARSET_TEXTS.flatMap(charsetCases)

const COMPRESSED_TEXTS = [`''`, `'a'`, `repeat('x', 99)`, `repeat('xyz', 100)`, `repeat('é€', 40)`, `'line\\nbreak "'`]

/** MariaDB's COMPRESSED columns; a value is compressed when it is long enough (column_compression_threshold). */
export const COMPRESSED_CASES: readonly TypeCase[] = [
  ...['utf8mb4', 'latin1', 'ucs2', 'gbk'].flatMap((charset): TypeCase[] => [
    {
      ddl: `varchar(300) compressed character set ${charset}`,
      server: 'mariadb',
      values: charset === 'gbk' ? COMPRESSED_TEXTS.filter(text => !text.includes('é')) : COMPRESSED_TEXTS,
    },
    {
      ddl: `text compressed character set ${charset}`,
      server: 'mariadb',
      values: [`repeat('x', 30000)`, `''`, `'short'`],
    },
  ]),
  { ddl: 'varchar(60) compressed character set latin1', server: 'mariadb', values: [`repeat('x', 60)`, `''`] },
  { ddl: 'varchar(20) compressed', server: 'mariadb', values: [`repeat('é', 20)`, `''`] },
  { ddl: 'tinytext compressed', server: 'mariadb', values: [`repeat('x', 255)`, `''`, `'a'`] },
  { ddl: 'longtext compressed', server: 'mariadb', values: [`repeat('0123456789', 100000)`, `''`] },
  { ddl: 'varbinary(300) compressed', server: 'mariadb', values: [`x'00'`, `''`, `repeat(x'ff00', 150)`], as: 'bytes' },
  { ddl: 'tinyblob compressed', server: 'mariadb', values: [`repeat(x'0a', 255)`, `''`], as: 'bytes' },
  { ddl: 'blob compressed', server: 'mariadb', values: [`repeat(x'00', 65535)`, `x'80'`], as: 'bytes' },
  { ddl: 'mediumblob compressed', server: 'mariadb', values: [`repeat(x'0102', 50000)`], as: 'bytes' },
  { ddl: 'longblob compressed', server: 'mariadb', values: [`repeat(x'fe', 70001)`, `x'01'`], as: 'bytes' },
]
