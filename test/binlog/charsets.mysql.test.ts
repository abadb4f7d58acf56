import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../support/binlog-files.js'
import { encodeImages, layoutOf } from '../support/encoded-rows.js'
import { readSchemas } from '../support/source-schema.js'

/** Bytes of the codes that are tried; the servers say which of them are characters. */
const CHARSETS: Readonly<Record<string, readonly number[]>> = {
  ...Object.fromEntries(
    (
      'armscii8 ascii cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8r koi8u ' +
      'latin1 latin2 latin5 latin7 macce macroman swe7 tis620'
    )
      .split(' ')
      .map(charset => [charset, [1]]),
  ),
  ...Object.fromEntries('big5 cp932 euckr gb2312 gbk sjis'.split(' ').map(charset => [charset, [1, 2]])),
  eucjpms: [1, 2, 3],
  ujis: [1, 2, 3],
  gb18030: [1, 2, 4],
  ucs2: [2],
  utf16: [2, 4],
  utf16le: [2, 4],
  utf32: [4],
}

/** Tables `code1` to `code4` of codes: all of one and two bytes, all of 8f and two bytes, and a sample of four. */
const CODES = [
  'create table digits (d int)',
  `insert into digits values ${Array.from({ length: 256 }, (_, i) => `(${i})`).join(',')}`,
  ...[1, 2, 3, 4].map(bytes => `create table code${bytes} (b varbinary(4))`),
  `insert into code1 select unhex(lpad(hex(d), 2, '0')) from digits`,
  `insert into code2 select unhex(concat(lpad(hex(a.d), 2, '0'), lpad(hex(z.d), 2, '0'))) from digits a, digits z`,
  `insert into code3 select concat(x'8f', b) from code2 where b >= x'8080'`,
  // gb18030: 81 to 84 and 90, each with every second byte and every 7th third one.
  `insert into code4 select unhex(concat(hex(a.d), hex(z.d), hex(y.d), hex(x.d)))
   from digits a, digits z, digits y, digits x
   where a.d in (0x81, 0x82, 0x84, 0x90, 0xe3) and z.d between 0x30 and 0x39 and x.d between 0x30 and 0x39
     and y.d between 0x81 and 0xfe and y.d % 7 = 0`,
  // Surrogates in both orders and code points of utf32.
  `insert into code4 select unhex(concat('D8', lpad(hex(a.d), 2, '0'), 'DC', lpad(hex(z.d), 2, '0')))
   from digits a, digits z where a.d % 16 = 1 and z.d % 8 = 3`,
  `insert into code4 select unhex(concat(lpad(hex(a.d), 2, '0'), 'D9', lpad(hex(z.d), 2, '0'), 'DE'))
   from digits a, digits z where a.d % 16 = 1 and z.d % 8 = 3`,
  `insert into code4 select unhex(concat('00', lpad(hex(y.d), 2, '0'), lpad(hex(a.d), 2, '0'), lpad(hex(z.d), 2, '0')))
   from digits y, digits a, digits z where y.d < 18 and a.d % 8 in (0, 7) and z.d % 16 in (1, 9)`,
]

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: TestServer
  let charsets: string[] = []
  const selected = new Map<string, Map<string, string>>()
  const read = new Map<string, { csv: Map<string, string | null>; json: Map<string, string> }>()

  beforeAll(async () => {
    server = await startServer(kind)
    const known = await server.sql('select character_set_name as name from information_schema.character_sets')
    charsets = Object.keys(CHARSETS).filter(charset => known.some(({ name }) => name === charset))
    await server.sql(['create database t', 'use t', 'set sql_log_bin = 0', ...CODES])
    await server.sql('flush binary logs')
    const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
    await connection.query(`set sql_mode = ''`)
    // Surrogates without a partner, which ucs2 and utf32 let in, come out as invalid UTF-8 or as nothing: they are left out.
    for (const charset of charsets) {
      await connection.query(
        `create table ${charset} (id int auto_increment primary key, v varchar(4) character set ${charset})`,
      )
      for (const bytes of CHARSETS[charset]!)
        await connection.query(
          `insert into ${charset} (v) select convert(b using ${charset}) from code${bytes}
           where hex(convert(b using ${charset})) = hex(b) and char_length(convert(b using ${charset})) = 1
             and hex(convert(convert(b using ${charset}) using utf8mb4)) not regexp '^(ED[AB].*)?$'`,
        )
      const [rows] = await connection.query(`select id, hex(convert(v using utf8mb4)) as v from ${charset}`)
      const texts = (rows as { id: number; v: string }[]).map(
        ({ id, v }) => [String(id), Buffer.from(v, 'hex').toString()] as const,
      )
      selected.set(charset, new Map(texts))
    }
    await connection.end()
    const schemas = await readSchemas(server, 't')
    await readBinlogs(server, (await binlogNames(server)).slice(1), event => {
      if (event.kind !== 'rows') return
      const { table } = event.map
      const layout = layoutOf(bindTable(event.map, schemas.get(table)!))
      const { buffer, at, end } = event
      const found = read.get(table) ?? { csv: new Map(), json: new Map() }
      read.set(table, found)
      for (const { text, unsafe } of encodeImages(layout, buffer, at, end)) {
        const [id, value] = text.slice(0, -1).split('\x01') as [string, string]
        found.csv.set(id, unsafe ? null : value)
      }
      for (const { text } of encodeImages({ ...layout, format: 'json' }, buffer, at, end)) {
        const { id, v } = JSON.parse(text) as { id: string; v: string }
        found.json.set(id, v)
      }
    })
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test('has every charset that the table of collations names', () => {
    const missing = Object.keys(CHARSETS).filter(charset => !charsets.includes(charset))
    expect(missing).toEqual(kind === 'mysql' ? [] : ['gb18030'])
  })

  test.each(Object.keys(CHARSETS))('%s: each character is what SELECT shows', charset => {
    if (!charsets.includes(charset)) return
    const wanted = selected.get(charset)!
    const { csv, json } = read.get(charset)!
    // All of what the servers take: 128 characters of ASCII, half of a byte more, thousands of pairs.
    expect(wanted.size).toBeGreaterThanOrEqual(
      CHARSETS[charset]!.length === 1 && CHARSETS[charset]![0] === 1 ? 128 : 7000,
    )
    expect(
      [...json].filter(([id, text]) => text !== wanted.get(id)).map(([id, text]) => [id, text, wanted.get(id)]),
    ).toEqual([])
    expect(json.size).toBe(wanted.size)
    expect([...csv].filter(([id, text]) => text !== wanted.get(id) && text !== null)).toEqual([])
    const unsafe = [...csv].filter(([, text]) => text === null).map(([id]) => wanted.get(id))
    expect(unsafe).toEqual([...wanted.values()].filter(text => /[\x01\x02]/.test(text)))
  })
})
