import { singleByteTable } from './charset-tables.js'
import { transcoderOf, UTF8_RATIO } from './transcode.js'

/**
 * Collation ids of each charset: single ids and ranges, as information_schema.COLLATIONS of MySQL 9.7 and MariaDB 10.11
 * lists them, and MariaDB's UCA-14.0.0 blocks (information_schema.COLLATION_CHARACTER_SET_APPLICABILITY) from 2048 on.
 */
const COLLATIONS: Readonly<Record<string, readonly (number | readonly [number, number])[]>> = {
  armscii8: [32, 64, 1056, 1088],
  ascii: [11, 65, 1035, 1089],
  big5: [1, 84, 1025, 1108],
  binary: [63],
  cp1250: [26, 34, 44, 66, 99, 1050, 1090],
  cp1251: [14, 23, [50, 52], 1074, 1075],
  cp1256: [57, 67, 1081, 1091],
  cp1257: [29, 58, 59, 1082, 1083],
  cp850: [4, 80, 1028, 1104],
  cp852: [40, 81, 1064, 1105],
  cp866: [36, 68, 1060, 1092],
  cp932: [95, 96, 1119, 1120],
  dec8: [3, 69, 1027, 1093],
  eucjpms: [97, 98, 1121, 1122],
  euckr: [19, 85, 1043, 1109],
  gb18030: [[248, 250]],
  gb2312: [24, 86, 1048, 1110],
  gbk: [28, 87, 1052, 1111],
  geostd8: [92, 93, 1116, 1117],
  greek: [25, 70, 1049, 1094],
  hebrew: [16, 71, 1040, 1095],
  hp8: [6, 72, 1030, 1096],
  keybcs2: [37, 73, 1061, 1097],
  koi8r: [7, 74, 1031, 1098],
  koi8u: [22, 75, 1046, 1099],
  latin1: [5, 8, 15, 31, [47, 49], 94, 1032, 1071],
  latin2: [2, 9, 21, 27, 77, 1033, 1101],
  latin5: [30, 78, 1054, 1102],
  latin7: [20, 41, 42, 79, 1065, 1103],
  macce: [38, 43, 1062, 1067],
  macroman: [39, 53, 1063, 1077],
  sjis: [13, 88, 1037, 1112],
  swe7: [10, 82, 1034, 1106],
  tis620: [18, 89, 1042, 1113],
  ucs2: [35, 90, [128, 151], 159, [640, 642], 1059, 1114, 1152, 1174, [2560, 2815]],
  ujis: [12, 91, 1036, 1115],
  utf16: [54, 55, [101, 124], [672, 674], 1078, 1079, 1125, 1147, [2816, 3071]],
  utf16le: [56, 62, 1080, 1086],
  utf32: [60, 61, [160, 183], [736, 738], 1084, 1085, 1184, 1206, [3072, 3327]],
  utf8mb3: [33, 76, 83, [192, 215], 223, [576, 578], 1057, 1107, 1216, 1238, [2048, 2303]],
  utf8mb4: [45, 46, [224, 247], [255, 323], [608, 610], 1069, 1070, 1248, 1270, [2304, 2559]],
}

const CHARSETS = new Map<number, string>()
for (const [charset, ids] of Object.entries(COLLATIONS)) {
  for (const id of ids) {
    const [from, to] = typeof id === 'number' ? [id, id] : id
    for (let i = from; i <= to; i++) CHARSETS.set(i, charset)
  }
}

/** Charset of a collation id, null when the id is not known. */
export function charsetOfCollation(id: number): string | null {
  return CHARSETS.get(id) ?? null
}

const MAX_BYTES: Readonly<Record<string, number>> = {
  big5: 2,
  cp932: 2,
  eucjpms: 3,
  euckr: 2,
  gb18030: 4,
  gb2312: 2,
  gbk: 2,
  sjis: 2,
  ucs2: 2,
  ujis: 3,
  utf16: 4,
  utf16le: 4,
  utf32: 4,
  utf8mb3: 3,
  utf8mb4: 4,
}

/** Most bytes of a character (information_schema.CHARACTER_SETS.MAXLEN), null when the charset is not known. */
export function maxBytesPerCharacter(charset: string): number | null {
  return MAX_BYTES[charset] ?? (charset in COLLATIONS ? 1 : null)
}

/** How the bytes of a charset become UTF-8: copied, by a table of their own, by its transcoder; `unknown` = not at all, here. */
export type CharsetForm = 'utf8' | 'latin1' | 'transcoded' | 'binary' | 'unknown'

export function charsetForm(charset: string): CharsetForm {
  const name = normalizeCharset(charset)
  switch (name) {
    case 'utf8mb4':
    case 'utf8mb3':
      return 'utf8'
    case 'latin1':
      return 'latin1'
    case 'binary':
      return 'binary'
    default:
      return transcoderOf(name) === null ? 'unknown' : 'transcoded'
  }
}

/** One name for one charset: servers before MySQL 8.0.30 and MariaDB 10.6 call utf8mb3 "utf8". */
export function normalizeCharset(charset: string): string {
  return charset === 'utf8' ? 'utf8mb3' : charset
}

/** Code point of each byte of MySQL's latin1: cp1252, and the C1 control itself where cp1252 has none. */
export const LATIN1 = singleByteTable('latin1')!

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text of bytes in a charset; null when the charset is not known here or the bytes are not valid in it. */
export function decodeText(charset: string, bytes: Uint8Array): string | null {
  switch (charsetForm(charset)) {
    case 'utf8':
      try {
        return utf8.decode(bytes)
      } catch {
        // A fatal decoder throws for one reason only: bytes that are not UTF-8.
        return null
      }
    case 'latin1':
    case 'transcoded': {
      const room = Buffer.allocUnsafe(bytes.length * UTF8_RATIO)
      const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      return room.toString('utf8', 0, transcoderOf(normalizeCharset(charset))!(source, 0, source.length, room, 0))
    }
    case 'binary':
    case 'unknown':
      return null
  }
}
