import { inflatedBytes } from './compressed-value.js'
import { writeJsonConverted } from './converted-value.js'
import {
  checkBase64,
  checkInteger,
  checkJsonText,
  checkWholeDigits,
  isNoDate,
  writeKeyDate,
  writeLeastDate,
} from './guarded-value.js'
import { finishHash, hashBytes, hashInt64, hashLatin1, hashNull, hashNumber, hashText, hashUint64 } from './key-hash.js'
import { refuseBoolean, refuseBytes, refuseDate, refuseNull } from './refused-value.js'
import { copyPlain, longLength, longLengthBytes } from './text-value.js'
import { ValueProblem } from './value-problem.js'
import { writeDouble, writeFloat, writeFloatText } from './write-float.js'
import { writeHiresDatetime, writeHiresTime, writeHiresTimestamp } from './write-hires.js'
import {
  negateNumber,
  writeInt32,
  writeInt64At,
  writePadded,
  writeUint32,
  writeUint64,
  writeUint64At,
} from './write-int.js'
import { writeJson } from './write-json.js'
import { writeInet4, writeInet6, writeUuid } from './write-network.js'
import {
  writeDate,
  writeDatetime2,
  writeFraction,
  writeInstant,
  writeOldDatetime,
  writeOldTime,
  writeTime2,
  writeYear,
  writeZeroInstant,
} from './write-temporal.js'
import {
  copyChecked,
  findCollision,
  findInDocument,
  isAscii,
  padBinary,
  writeBase64,
  writeConstant,
  writeJsonLatin1,
  writeJsonText,
  writeLatin1,
} from './write-text.js'

/** Everything that generated row code calls by name. */
export const WRITERS = {
  checkBase64,
  checkInteger,
  checkJsonText,
  checkWholeDigits,
  isNoDate,
  refuseBoolean,
  refuseBytes,
  refuseDate,
  refuseNull,
  writeKeyDate,
  writeLeastDate,
  copyChecked,
  copyPlain,
  findCollision,
  findInDocument,
  finishHash,
  hashBytes,
  hashInt64,
  hashLatin1,
  hashNull,
  hashNumber,
  hashText,
  hashUint64,
  inflatedBytes,
  isAscii,
  longLength,
  longLengthBytes,
  negateNumber,
  padBinary,
  /** Room for every value of a type whose values have a longest text: DECIMAL(65,30) is longest. */
  scratchText: Buffer.alloc(128),
  writeBase64,
  writeConstant,
  writeDate,
  writeDatetime2,
  writeDouble,
  writeFloat,
  writeFloatText,
  writeFraction,
  writeHiresDatetime,
  writeHiresTime,
  writeHiresTimestamp,
  writeInet4,
  writeInet6,
  writeInstant,
  writeInt32,
  writeInt64At,
  writeJson,
  writeJsonConverted,
  writeJsonLatin1,
  writeJsonText,
  writeLatin1,
  writeOldDatetime,
  writeOldTime,
  writePadded,
  writeTime2,
  writeUint32,
  writeUint64,
  writeUint64At,
  writeUuid,
  writeYear,
  writeZeroInstant,
  imageTooShort(p: number, limit: number): never {
    throw new ValueProblem(`the row image ends ${p - limit} bytes too early`, limit)
  },
  noLabel(index: number, p: number, label: null | undefined): never {
    if (label === undefined) throw new ValueProblem(`it has no label ${index}`, p)
    throw new ValueProblem(
      `its label ${index} has a "?" in the catalog, which may stand for a character that no catalog shows (above U+FFFF); with binlog_row_metadata = FULL the binlog itself has the labels`,
      p,
    )
  },
  notNullable(p: number): never {
    throw new ValueProblem('a column that is NOT NULL is marked NULL', p)
  },
  tooLong(n: number, p: number, limit: number): never {
    throw new ValueProblem(`a value of ${n} bytes, where ${limit - p} are left of the row`, p)
  },
}
