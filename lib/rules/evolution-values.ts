import type { SourceColumn } from '../model/schema.js'
import type { Doubt } from '../model/target-change.js'

/** What a change of a column's definition did to the values that were there; MySQL rewrites rows without row events. */
export type ValueChange =
  /** As long as the target holds none of the doubtful values, all are as they were. */
  | { readonly kind: 'kept'; readonly unless: readonly { readonly doubt: Doubt; readonly reason: string }[] }
  /** Some may be others now: the reason, in words that follow the column's name. */
  | { readonly kind: 'changed'; readonly reason: string }

type Doubts = Extract<ValueChange, { kind: 'kept' }>['unless']

const KEPT: ValueChange = { kind: 'kept', unless: [] }
const changed = (reason: string): ValueChange => ({ kind: 'changed', reason })
const unless = (doubt: Doubt, reason: string): ValueChange => ({ kind: 'kept', unless: [{ doubt, reason }] })

const INTEGER_BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
}
const TEXTS = new Set(['tinytext', 'text', 'mediumtext', 'longtext'])
const STRINGS = new Set(['char', 'varchar', ...TEXTS])
const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'])
/** Charsets that have every character of every other. */
const UNICODE = new Set(['utf8mb4', 'utf16', 'utf16le', 'utf32', 'gb18030'])
/** Charsets in which a text takes no more bytes than in UTF-8. */
const COUNTED_AS_UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'latin1'])

/**
 * What an ALTER from one definition to the other made of the values of a column, as SELECT prints them. Nothing is taken for
 * kept that only a strict sql_mode would keep: the binlog's rows do not tell of a clamped number or a cut text.
 */
export function valueChange(before: SourceColumn, after: SourceColumn): ValueChange {
  const change = contentChange(before, after)
  if (change.kind === 'changed' || !before.nullable || after.nullable) return change
  const doubt = { doubt: { kind: 'isNull' }, reason: 'is NOT NULL now: rows with NULL were given a value' } as const
  return { kind: 'kept', unless: [...change.unless, doubt] }
}

function contentChange(before: SourceColumn, after: SourceColumn): ValueChange {
  const [from, to] = [before.dataType, after.dataType]
  const became = `became ${after.columnType}, it was ${before.columnType}`
  if (isInteger(from) && isInteger(to)) return integerChange(before, after, became)
  if (STRINGS.has(from) && STRINGS.has(to)) return textChange(before, after, became)
  if (BYTES.has(from) && BYTES.has(to)) return bytesChange(before, after, became)
  if (from === to) return sameTypeChange(before, after, became)
  if ((from === 'enum' || from === 'set') && STRINGS.has(to)) return labelsToText(before, after, became)
  if (isInteger(from)) return integerTo(before, after, became)
  if (from === 'year' && isInteger(to)) return INTEGER_BITS[to]! >= 16n ? KEPT : changed(became)
  if (from === 'bit' && isInteger(to))
    return BigInt(before.precision ?? 1) <= INTEGER_BITS[to]! - (after.unsigned ? 0n : 1n) ? KEPT : changed(became)
  if (from === 'decimal' && isInteger(to)) return decimalToInteger(before, after, became)
  if (from === 'decimal' && STRINGS.has(to) && !isZerofill(before))
    return textRoom(after) >= (before.precision ?? 10) + 2 ? KEPT : changed(became)
  if (from === 'date' && to === 'datetime') return KEPT
  return changed(became)
}

function integerChange(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const [old, now] = [integerRange(before), integerRange(after)]
  if (now.low <= old.low && now.high >= old.high) return KEPT
  return unless(
    { kind: 'outside', low: String(now.low), high: String(now.high) },
    `${became}: numbers beyond it were changed`,
  )
}

function integerTo(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const { low, high } = integerRange(before)
  const digits = Math.max(String(low).length, String(high).length)
  const bits = INTEGER_BITS[before.dataType]!
  if (after.unsigned && !before.unsigned) {
    const change = integerTo({ ...before, unsigned: true }, { ...after, unsigned: false }, became)
    const doubt = { kind: 'outside', low: '0', high: String(high) } as const
    return change.kind === 'changed' ? change : unless(doubt, `${became}: negative numbers were changed`)
  }
  switch (after.dataType) {
    case 'double':
      return bits <= 32n ? KEPT : changed(`${became}: large numbers lost their last digits`)
    case 'float':
      return bits <= 16n ? KEPT : changed(`${became}: large numbers lost their last digits`)
    case 'decimal':
      return (after.precision ?? 10) - (after.scale ?? 0) >= digits ? KEPT : changed(became)
    default:
      return STRINGS.has(after.dataType) && !isZerofill(before) && textRoom(after) >= digits ? KEPT : changed(became)
  }
}

function decimalToInteger(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  if ((before.scale ?? 0) > 0) return changed(`${became}: fractions were rounded`)
  const bound = 10n ** BigInt(before.precision ?? 10) - 1n
  const { low, high } = integerRange(after)
  return low <= (before.unsigned ? 0n : -bound) && high >= bound ? KEPT : changed(became)
}

function sameTypeChange(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  switch (after.dataType) {
    case 'decimal': {
      const whole = (column: SourceColumn) => (column.precision ?? 10) - (column.scale ?? 0)
      if ((after.scale ?? 0) < (before.scale ?? 0)) return changed(`${became}: fractions were rounded`)
      if (whole(after) < whole(before)) return changed(`${became}: numbers beyond it were changed`)
      return after.unsigned && !before.unsigned
        ? unless(
            { kind: 'outside', low: '0', high: '9'.repeat(whole(after)) },
            `${became}: negative numbers were changed`,
          )
        : printedScale(before, after, became)
    }
    case 'float':
    case 'double':
      return before.columnType.replace(/ unsigned$/, '') === after.columnType.replace(/ unsigned$/, '') &&
        (before.unsigned || !after.unsigned)
        ? KEPT
        : changed(became)
    case 'datetime':
    case 'timestamp':
      return (after.fractionDigits ?? 0) >= (before.fractionDigits ?? 0)
        ? KEPT
        : changed(`${became}: fractions of seconds were rounded`)
    // Kept as text, whose form has as many digits as the type.
    case 'time':
      return after.fractionDigits === before.fractionDigits ? KEPT : changed(became)
    case 'bit':
      return (after.precision ?? 1) >= (before.precision ?? 1) ? KEPT : changed(became)
    case 'enum':
      return enumChange(before, after, became)
    case 'set':
      return isInOrder(before.members, after.members)
        ? KEPT
        : changed(`${became}: members were removed, or stand in another order now`)
    default:
      return before.columnType === after.columnType ? KEPT : changed(became)
  }
}

/** Numbers beyond StarRocks' decimals are kept as text, with as many digits behind the point as the type has. */
function printedScale(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const isText = Math.max(before.precision ?? 10, after.precision ?? 10) > 38
  return isText && before.scale !== after.scale ? changed(`${became}: it prints more digits`) : KEPT
}

function enumChange(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const removed = before.members.filter(member => !after.members.includes(member))
  if (removed.length > 0)
    return unless({ kind: 'oneOf', values: removed }, `${became}: rows with a label that was removed were changed`)
  return charsetChange(before, after, became)
}

function labelsToText(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const joined = before.dataType === 'set' ? [before.members.join(',')] : before.members
  const longest = Math.max(0, ...joined.map(label => Buffer.byteLength(label)))
  return textRoom(after) >= longest ? charsetChange(before, after, became) : changed(became)
}

function textChange(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const doubts: Doubts[number][] = []
  const room = lengthDoubt(before, after)
  if (room === 'unknown') return changed(`${became}: longer texts were cut`)
  if (room !== null) doubts.push({ doubt: room, reason: `${became}: longer texts were cut` })
  if (after.dataType === 'char' && before.dataType !== 'char')
    doubts.push({ doubt: { kind: 'endsInSpace' }, reason: `${became}: it no longer shows spaces at the end` })
  const charset = charsetChange(before, after, became)
  return charset.kind === 'changed' ? charset : { kind: 'kept', unless: [...doubts, ...charset.unless] }
}

/** Null: every text has room. */
function lengthDoubt(before: SourceColumn, after: SourceColumn): Doubt | 'unknown' | null {
  const [old, now] = [before.maxLength ?? 0, after.maxLength ?? 0]
  if (!TEXTS.has(after.dataType))
    // A text of n bytes has at most n characters.
    return now >= old ? null : { kind: 'longerThan', length: now, unit: 'characters' }
  const bytes = TEXTS.has(before.dataType) && before.charset === after.charset ? old : old * 4
  if (now >= bytes) return null
  return COUNTED_AS_UTF8.has(after.charset ?? '') ? { kind: 'longerThan', length: now, unit: 'bytes' } : 'unknown'
}

function charsetChange(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const [from, to] = [sameCharset(before.charset), sameCharset(after.charset)]
  if (from === to || UNICODE.has(to) || from === 'ascii') return KEPT
  return unless({ kind: 'notAscii' }, `${became} in ${to}, it was in ${from}: characters may have been replaced`)
}

function sameCharset(charset: string | null): string {
  return charset === 'utf8' ? 'utf8mb3' : (charset ?? '')
}

function bytesChange(before: SourceColumn, after: SourceColumn, became: string): ValueChange {
  const [old, now] = [before.maxLength ?? 0, after.maxLength ?? 0]
  if (after.dataType === 'binary')
    return before.dataType === 'binary' && old === now ? KEPT : changed(`${became}: it is padded to its length`)
  return now >= old
    ? KEPT
    : unless({ kind: 'longerThan', length: now, unit: 'bytes' }, `${became}: longer values were cut`)
}

function isInteger(type: string): boolean {
  return Object.hasOwn(INTEGER_BITS, type)
}

function integerRange({ dataType, unsigned }: SourceColumn): { readonly low: bigint; readonly high: bigint } {
  const bits = INTEGER_BITS[dataType]!
  return unsigned ? { low: 0n, high: (1n << bits) - 1n } : { low: -(1n << (bits - 1n)), high: (1n << (bits - 1n)) - 1n }
}

function isZerofill(column: SourceColumn): boolean {
  return /\bzerofill\b/i.test(column.columnType)
}

/** Characters of ASCII that fit. */
function textRoom(column: SourceColumn): number {
  return column.maxLength ?? 0
}

function isInOrder(part: readonly string[], whole: readonly string[]): boolean {
  let at = -1
  return part.every(member => {
    at = whole.indexOf(member, at + 1)
    return at >= 0
  })
}
