import { ValueProblem } from './value-problem.js'
import { writeAscii, writeShortest } from './write-float.js'
import { writeUint32 } from './write-int.js'

/** WKB geometry types (OGC 06-103r4, 8.2); MySQL and MariaDB have two coordinates only. */
const NAMES = [
  '',
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
] as const
const POINT = 1
const LINESTRING = 2
const POLYGON = 3

/** Byte order, type, and for all but a point a count. */
const HEAD_BYTES = 5
const MAX_DEPTH = 200

/** Text bytes per byte of a value are never more than this, plus a few. */
export const GEOMETRY_RATIO = 4
export const GEOMETRY_EXTRA = 32

let source: Buffer = Buffer.alloc(0)
let out: Buffer = source
let end = 0
/** Where the next part of the value begins. */
let at = 0

/**
 * A geometry as both servers store it (four bytes of SRID, then WKB) as text: "POINT(1 2)" as MySQL's ST_AsText prints it,
 * and "SRID=4326;POINT(20 10)" when it has an SRID. Coordinates stand in the order in which they are stored, longitude before
 * latitude: MySQL's ST_AsText(g, 'axis-order=long-lat'). A value without bytes is the empty text.
 * Throws ValueProblem for bytes that contradict themselves.
 */
export function writeGeometry(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  if (n === 0) return q
  source = b
  out = o
  end = p + n
  at = p
  const srid = readUint32()
  let written = q
  if (srid !== 0) {
    written = writeUint32(out, writeAscii(out, written, 'SRID='), srid)
    out[written++] = 59
  }
  written = writeShape(written, 0, 1)
  if (at !== end) throw new ValueProblem(`its geometry ends ${end - at} bytes too early`, p)
  return written
}

/** Shape at `at`; of type `wanted` when that is not 0: a part of a shape that is made of these. */
function writeShape(q: number, wanted: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new ValueProblem(`its geometry is deeper than ${MAX_DEPTH}`, at)
  need(HEAD_BYTES)
  if (source[at] !== 1) throw new ValueProblem('its geometry is not little-endian', at)
  at++
  const type = readUint32()
  const name = NAMES[type]
  if (name === undefined || type === 0 || (wanted !== 0 && type !== wanted))
    throw new ValueProblem(`its geometry holds a shape of unexpected type ${type}`, at)
  let written = wanted === 0 ? writeAscii(out, q, name) : q
  if (type === POINT) {
    out[written++] = 40
    written = writePosition(written)
    out[written++] = 41
    return written
  }
  if (type === LINESTRING) return writePositions(written)
  // A part's own name is only seen in collections.
  const parts = type === POLYGON ? 0 : type < 7 ? type - 3 : 0
  const count = readUint32()
  if (count === 0) return writeAscii(out, written, ' EMPTY')
  out[written++] = 40
  for (let i = 0; i < count; i++) {
    if (i > 0) out[written++] = 44
    written = type === POLYGON ? writePositions(written) : writeShape(written, parts, depth + 1)
  }
  out[written++] = 41
  return written
}

function writePositions(q: number): number {
  const count = readUint32()
  if (count === 0) return writeAscii(out, q, ' EMPTY')
  let written = q
  out[written++] = 40
  for (let i = 0; i < count; i++) {
    if (i > 0) out[written++] = 44
    written = writePosition(written)
  }
  out[written++] = 41
  return written
}

function writePosition(q: number): number {
  need(16)
  const x = source.readDoubleLE(at)
  const y = source.readDoubleLE(at + 8)
  if (x - x !== 0 || y - y !== 0) throw new ValueProblem('its geometry holds a number that is not finite', at)
  at += 16
  const written = writeShortest(out, q, x)
  out[written] = 32
  return writeShortest(out, written + 1, y)
}

function readUint32(): number {
  need(4)
  at += 4
  return source.readUInt32LE(at - 4)
}

function need(n: number): void {
  if (at + n > end) throw new ValueProblem('its geometry is cut off', Math.min(at, end))
}
