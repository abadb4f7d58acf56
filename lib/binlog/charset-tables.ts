import iconv from 'iconv-lite'

/**
 * Code points of the bytes of MySQL's and MariaDB's charsets. Both servers have the same tables; iconv-lite's are the base,
 * and `changes` is where the servers' differ, as `SELECT CONVERT(… USING utf8mb4)` shows it for every byte and every pair of
 * bytes. 3f is the question mark that the servers give for what has no character.
 */

/** "a1:2741 db-de:fffd": code points of single codes, the same for all codes of a range; 0 = no such code. */
type Changes = string

interface SingleByte {
  readonly base: string
  readonly changes?: Changes
  /** Characters from byte 80 on. */
  readonly upper?: string
}

const SINGLE_BYTE: Readonly<Record<string, SingleByte>> = {
  armscii8: { base: 'armscii8', changes: 'a1:2741 a2:a7 ad:55f fe:2019 ff:27' },
  // MariaDB stores bytes above 7f too, and shows each as a question mark.
  ascii: { base: 'ascii' },
  cp1250: { base: 'cp1250' },
  cp1251: { base: 'cp1251' },
  cp1256: { base: 'cp1256', changes: '8a:3f 8f:3f 98:3f 9a:3f 9f:3f aa:3f c0:3f ff:3f' },
  cp1257: { base: 'cp1257' },
  cp850: { base: 'cp850' },
  cp852: { base: 'cp852' },
  cp866: { base: 'cp866', changes: 'fc:207f fd:b2' },
  dec8: {
    base: 'iso88591',
    changes: 'a4:3f a6:3f a8:a4 ac-af:3f b4:3f b8:3f be:3f d0:3f d7:152 dd:178 de:3f f0:3f f7:153 fd:ff fe-ff:3f',
  },
  geostd8: {
    base: 'georgianps',
    changes: '80:20ac 81:3f 83:3f 88:3f 8a:3f 8c-90:3f 98-9a:3f 9c-9f:3f e6-fc:3f fd:2116 fe-ff:3f',
  },
  greek: { base: 'iso88597', changes: 'a1:2bd a2:2bc a4-a5:3f aa:3f' },
  hebrew: { base: 'iso88598', changes: 'af:203e' },
  hp8: { base: 'hproman8' },
  keybcs2: {
    base: 'ascii',
    upper:
      'ČüéďäĎŤčěĚĹÍľĺÄÁÉžŽôöÓůÚýÖÜŠĽÝŘťáíóúňŇŮÔšřŕŔ¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  },
  koi8r: { base: 'koi8r' },
  koi8u: { base: 'koi8u', changes: '95:2022' },
  latin1: { base: 'cp1252', changes: '81:81 8d:8d 8f:8f 90:90 9d:9d' },
  latin2: { base: 'iso88592' },
  latin5: { base: 'iso88599' },
  latin7: { base: 'iso885913' },
  macce: { base: 'maccenteuro' },
  macroman: { base: 'macroman', changes: 'bd:3a9 db:20ac f0:f8ff' },
  swe7: { base: 'ascii', changes: '40:c9 5b:c4 5c:d6 5d:c5 5e:dc 60:e9 7b:e4 7c:f6 7d:e5 7e:fc 7f:3f' },
  tis620: { base: 'iso885911', changes: 'a0:fffd db-de:fffd fc-ff:fffd' },
}

type Ranges = readonly (readonly [number, number])[]

interface DoubleByte {
  readonly base: string
  /** First and second bytes of the pairs; bytes below 80 are ASCII. */
  readonly leads: Ranges
  readonly trails: Ranges
  /** Bytes above 7f that are a character by themselves. */
  readonly alone?: Ranges
  readonly changes?: Changes
  /** Characters of consecutive codes. */
  readonly runs?: readonly (readonly [number, string])[]
  /** Rows whose cells are user-defined characters (U+E000 on): the first row, the last, the first's first code point. */
  readonly userRows?: readonly (readonly [number, number, number])[]
}

const EUC: Ranges = [[0xa1, 0xfe]]
const JIS_SHIFTED = {
  leads: [
    [0x81, 0x9f],
    [0xe0, 0xfc],
  ],
  trails: [
    [0x40, 0x7e],
    [0x80, 0xfc],
  ],
  alone: [[0xa1, 0xdf]],
} as const
const GBK_CODES = {
  leads: [[0x81, 0xfe]],
  trails: [
    [0x40, 0x7e],
    [0x80, 0xfe],
  ],
} as const
const EUC_JP = { base: 'eucjp', leads: [[0x8e, 0x8e], ...EUC], trails: EUC } as const

const DOUBLE_BYTE: Readonly<Record<string, DoubleByte>> = {
  big5: {
    base: 'cp950',
    leads: [[0xa1, 0xf9]],
    trails: [
      [0x40, 0x7e],
      [0xa1, 0xfe],
    ],
    changes:
      'a145:2022 a14e:ff64 a15a:fffd a1c2:203e a1c3:fffd a1c5:fffd a1e3:223c a1f2:2641 a1f3:2609 a1fe:fffd a240:fffd a241:ff0f a242:ff3c a244:a5 a246:a2 a247:a3 a2cc:fffd a2ce:fffd a3e1:3f f9dd-f9fe:3f',
    runs: [
      [
        0xc6a1,
        'ヾゝゞ々ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんァアィイゥウェ',
      ],
      [
        0xc740,
        'エォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユ',
      ],
      [
        0xc7a1,
        'ョヨラリルレロヮワヰヱヲンヴヵヶДЕЁЖЗИЙКЛМУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя①②③④⑤⑥⑦⑧⑨⑩⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽',
      ],
    ],
  },
  cp932: { base: 'cp932', ...JIS_SHIFTED, userRows: [[0xf0, 0xf9, 0xe000]] },
  eucjpms: { ...EUC_JP, changes: '8ee0-8efe:0', userRows: [[0xf5, 0xfe, 0xe000]] },
  euckr: {
    base: 'cp949',
    leads: [[0x81, 0xfe]],
    trails: [
      [0x41, 0x5a],
      [0x61, 0x7a],
      [0x81, 0xfe],
    ],
  },
  gb18030: { base: 'gb18030', ...GBK_CODES, changes: 'a3a0:e5e5' },
  gb2312: {
    base: 'gb2312',
    leads: [[0xa1, 0xf7]],
    trails: EUC,
    changes: 'a1a4:30fb a1aa:2015 a2a1-a2aa:3f a6e0-a6f5:3f a8bb:3f a8bd:3f a8be:3f a8c0:3f',
  },
  gbk: { base: 'cp936', ...GBK_CODES },
  sjis: {
    base: 'shiftjis',
    ...JIS_SHIFTED,
    changes: '815f:5c 8160:301c 8161:2016 817c:2212 8191:a2 8192:a3 81ca:ac 8740-87fc:3f ed40-eefc:3f f040-fcfc:3f',
  },
  ujis: {
    ...EUC_JP,
    changes: '8ee0-8efe:0 a1c0:5c a1c1:301c a1c2:2016 a1dd:2212 a1f1:a2 a1f2:a3 a2cc:ac ada1-adfe:3f',
    userRows: [[0xf5, 0xfe, 0xe000]],
  },
}

/** The same for the codes of three bytes, 8f in front, of eucjpms and ujis. */
const AFTER_8F: Readonly<Record<string, DoubleByte>> = {
  eucjpms: {
    base: 'eucjp',
    leads: EUC,
    trails: EUC,
    changes: 'a2c3:ffe4',
    runs: [
      [0xf3f3, 'ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡ'],
      [
        0xf4a1,
        'ⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤\ufa0e咊坙\ufa0f\ufa10增寬峵嵓\ufa11德悅愠敎昻晥\ufa12\uf929栁\ufa13\ufa14橫櫢淸淲瀨\ufa15\ufa16甁皂皞\ufa17礰\ufa18\ufa19\ufa1a\ufa1b竧\ufa1c\ufa1d綠緖\ufa1e荢\ufa1f薰\ufa20\ufa21蠇\ufa22譿賴赶\ufa23\ufa24\ufa25郞\ufa26鄕\ufa27\ufa28閒\uf9dc\ufa29霻靍靑\ufa2a\ufa2b\ufa2c馞髙魲\ufa2d黑',
      ],
    ],
    userRows: [[0xf5, 0xfe, 0xe3ac]],
  },
  ujis: { base: 'eucjp', leads: EUC, trails: EUC, changes: 'a2b7:7e', userRows: [[0xf5, 0xfe, 0xe3ac]] },
}

/** What stands for a code without a character. */
export const QUESTION_MARK = 63

/** Code point of each byte; null when the charset is not one of single bytes. */
export function singleByteTable(charset: string): Uint16Array | null {
  const known = SINGLE_BYTE[charset]
  if (known === undefined) return null
  const points = new Uint16Array(256)
  for (let byte = 0; byte < 256; byte++) points[byte] = baseCharacter(known.base, [byte])
  for (const [i, character] of [...(known.upper ?? '')].entries()) points[0x80 + i] = character.charCodeAt(0)
  change(points, known.changes)
  return points
}

/** Code points of a charset whose characters have one, two, three or four bytes. 0 = no such code. */
export interface MultiByteTable {
  /** By byte; only those above 7f that are a character alone. */
  readonly alone: Uint16Array
  /** By first byte * 256 + second. */
  readonly pairs: Uint16Array
  /** ujis, eucjpms: the same for the two bytes behind 8f; null for all others. */
  readonly after8f: Uint16Array | null
  /** gb18030: code points up to U+FFFF by the ordinal of their four-byte code; null for all others. */
  readonly fours: Uint16Array | null
}

/** Null when the charset is not one of these. */
export function multiByteTable(charset: string): MultiByteTable | null {
  const known = DOUBLE_BYTE[charset]
  if (known === undefined) return null
  const alone = new Uint16Array(256)
  for (const byte of bytesOf(known.alone ?? [])) alone[byte] = baseCharacter(known.base, [byte])
  const triples = AFTER_8F[charset]
  return {
    alone,
    pairs: pairs(known, []),
    after8f: triples === undefined ? null : pairs(triples, [0x8f]),
    fours: charset === 'gb18030' ? fourByteTable() : null,
  }
}

function pairs(known: DoubleByte, before: readonly number[]): Uint16Array {
  const points = new Uint16Array(65_536)
  const trails = bytesOf(known.trails)
  for (const lead of bytesOf(known.leads))
    for (const trail of trails) points[lead * 256 + trail] = baseCharacter(known.base, [...before, lead, trail])
  for (const [from, text] of known.runs ?? [])
    for (const [i, character] of [...text].entries()) points[from + i] = character.charCodeAt(0)
  for (const [from, to, first] of known.userRows ?? [])
    for (let row = from; row <= to; row++)
      for (const [i, trail] of trails.entries()) points[row * 256 + trail] = first + (row - from) * trails.length + i
  change(points, known.changes)
  return points
}

/** Four-byte codes 81308130 to 8431a439: the third and first byte count 126, the others ten. */
export const FOUR_BYTE_CODES = 39_420

function fourByteTable(): Uint16Array {
  return Uint16Array.from({ length: FOUR_BYTE_CODES }, (_, i) =>
    baseCharacter(
      'gb18030',
      [
        0x81 + Math.floor(i / 12_600),
        0x30 + (Math.floor(i / 1260) % 10),
        0x81 + (Math.floor(i / 10) % 126),
        0x30 + (i % 10),
      ],
      true,
    ),
  )
}

/** The one character that bytes are in iconv-lite's table, else a question mark. `replacement`: U+FFFD has a code itself. */
function baseCharacter(base: string, bytes: readonly number[], replacement = false): number {
  const text = iconv.decode(Buffer.from(bytes), base)
  return text.length === 1 && (text !== '\ufffd' || replacement) ? text.charCodeAt(0) : QUESTION_MARK
}

/** Leaves alone what is no code of the charset, so that a range may span rows. */
function change(points: Uint16Array, changes: Changes = ''): void {
  for (const [, from, to, point] of changes.matchAll(/(\w+)(?:-(\w+))?:(\w+)/g))
    for (let code = Number.parseInt(from!, 16); code <= Number.parseInt(to ?? from!, 16); code++)
      if (points[code] !== 0) points[code] = Number.parseInt(point!, 16)
}

function bytesOf(ranges: Ranges): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
}
